#!/usr/bin/env python3
"""A stage of one's own in Python: adds the tax to an order's amount.

It answers one event a POST, at the port in PORT: 200 and JSON is the event's new data, 204 ends the event here, 4xx makes it a dead letter
with the answer as its reason. Whatever else happens, the event comes again.
"""
import json
import os
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RATES = {"DE": Decimal("1.19"), "FR": Decimal("1.20")}


class Tax(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])), parse_float=Decimal)
        try:
            order["amount"] = round(order["amount"] * RATES.get(order["country"], 1), 2)
        except (KeyError, TypeError) as problem:
            self.answer(422, f"no order: {problem}")
        else:
            self.answer(200, json.dumps(order, default=float))

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Tax).serve_forever()
