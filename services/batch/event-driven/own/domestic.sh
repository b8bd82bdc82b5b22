#!/bin/sh
# A stage of one's own in the shell: lets orders from Germany pass, and ends the others. It answers one event a POST, at the port in PORT:
# 200 and JSON is the event's new data, 204 ends the event here. socat (a package of that name) listens, and runs this file again to answer.
if [ "${1-}" != answer ]; then
  exec socat "TCP-LISTEN:$PORT,bind=127.0.0.1,reuseaddr,fork" "EXEC:sh $0 answer"
fi

length=0
while read -r name value && [ -n "${name%?}" ]; do
  case $name in [Cc]ontent-[Ll]ength:) length=${value%?} ;; esac
done
order=$(head -c "$length")
case $order in
  *'"country":"DE"'*) printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$length" "$order" ;;
  *) printf 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n' ;;
esac
