#!/usr/bin/env bash
# Stands before the SDK's `dotnet` while the commands of a page are run:
# - what is built is taken, as it is for a reader's second command;
# - what runs until Ctrl-C goes on in the background once it says that it is ready, as in a reader's first terminal;
# - a tour gets its Ctrl-C when its experiment is under way: to the end it is run by ExperimentTests.
# - what goes on in the background ends with the test that started it, also where that was killed.
# PAGE_TEST is the test's process, PAGE_DOTNET is the real one, PAGE_FOLDER has a file for each command in the background: its output, and in PID.exit how it ended.
set -u

# Whoever starts the tests in the background may have Ctrl-C ignored by all that follows.
heeding=(env)
env --default-signal=INT true 2>/dev/null && heeding=(env --default-signal=INT)

interrupt() { # PID EXPECTED-EXIT-CODE
  kill -INT -- "-$1" 2>/dev/null
  until [ -s "$PAGE_FOLDER/$1.exit" ]; do sleep 0.05; done
  [ "$(cat "$PAGE_FOLDER/$1.exit")" = "$2" ] && return
  echo "after Ctrl-C it ended with $(cat "$PAGE_FOLDER/$1.exit") instead of $2:" && cat "$PAGE_FOLDER/$1.log"
  return 1
}

interrupt_all() {
  local code=0 file
  for file in "$PAGE_FOLDER"/*.running; do
    [ -e "$file" ] || continue
    interrupt "$(basename "$file" .running)" "$(cat "$file")" || code=1
    rm "$file"
  done
  return $code
}

# Starts a command, waits until it says something, and sets `pid`.
start() { # TEXT COMMAND...
  local text=$1 log
  shift
  log=$(mktemp "$PAGE_FOLDER/XXXXXX")
  set -m # A process group of its own, which gets the Ctrl-C as from a terminal.
  (trap : INT; "${heeding[@]}" "$@" > "$log" 2>&1 < /dev/null; echo $? > "$log.exit") > /dev/null 2>&1 &
  pid=$!
  (while kill -0 "$PAGE_TEST"; do [ ! -s "$log.exit" ] || exit; sleep 0.5; done; kill -INT -- "-$pid") > /dev/null 2>&1 < /dev/null &
  set +m
  ln "$log" "$PAGE_FOLDER/$pid.log"
  until grep -q -- "$text" "$log"; do
    if [ -s "$log.exit" ]; then
      cat "$log"
      exit "$(cat "$log.exit")"
    fi
    sleep 0.05
  done
  ln -s "$log.exit" "$PAGE_FOLDER/$pid.exit"
}

if [ "${1-}" = interrupt-all ]; then
  interrupt_all
  exit
fi

[ "${1-}" = run ] && set -- run --no-build "${@:2}"
command=("$@")
while [ $# -gt 0 ] && [[ $1 != -- && $1 != *samples.dll ]]; do shift; done
case "${2-}${*: -1}" in
  run*)
    # A reader ends what runs before starting the next.
    interrupt_all || exit
    start 'Ctrl-C stops everything' "$PAGE_DOTNET" "${command[@]}"
    echo 0 > "$PAGE_FOLDER/$pid.running"
    ;;
  logs-f)
    start '' "$PAGE_DOTNET" "${command[@]}"
    echo 130 > "$PAGE_FOLDER/$pid.running"
    ;;
  tour*)
    start ': running$' "$PAGE_DOTNET" "${command[@]}"
    interrupt $pid 130
    ;;
  *) exec "$PAGE_DOTNET" "${command[@]}" ;;
esac
