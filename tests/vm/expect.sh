# Sourced by the virtual machine's tests: `expect NAME WANTED COMMAND…` compares the output, `finish` counts.
passed=0
failed=0
expect() {
  name=$1 wanted=$2
  shift 2
  got=$("$@" 2>&1)
  status=$?
  case $got in
    # An emulated machine on a busy one is slow.
    *"still waiting for the engine to start; "*) got=$(echo "$got" | sed '/^kapsel: still waiting for the engine to start; /d') ;;
  esac
  case "$got|$status" in
    $wanted) passed=$((passed + 1)); echo "ok   $name" ;;
    *) failed=$((failed + 1)); echo "FAIL $name: wanted '$wanted', got '$got|$status'" ;;
  esac
}
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
