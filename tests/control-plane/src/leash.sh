# Runs a program and never lets it outlive whoever holds the other end of our standard input.
#
#   leash GRACE LOG PROGRAM [ARGUMENT...]
#
# Standard input is one end of a socket pair. We say the program's process id on it, then obey one
# signal name per line and answer each, so that the holder knows that it was delivered. When the
# other end is gone, for whatever reason, the program gets SIGTERM, and GRACE seconds later SIGKILL.
# With a LOG, the program's output is appended there; otherwise it inherits ours.
# The holder starts us as the leader of a new process group, so that a Ctrl-C meant for the holder
# does not take us away before we could do our work.
grace=$1
log=$2
shift 2
exec 3<&0 </dev/null
if [ -n "$log" ]; then
  "$@" 3<&- >>"$log" 2>&1 &
else
  "$@" 3<&- &
fi
program=$!
# From here on the holder may vanish at any moment: writing to it must not end us, and neither must
# the SIGHUP that the kernel sends to an orphaned group of which a member is stopped.
trap '' HUP PIPE
echo "$program" >&3
(
  while read -r signal; do
    kill -s "$signal" "$program"
    echo done
  done
  trap '' TERM
  kill -s TERM "$program"
  kill -s CONT "$program"
  while [ "$grace" -gt 0 ] && kill -s 0 "$program"; do
    sleep 1
    grace=$((grace - 1))
  done
  kill -s KILL 0
) <&3 >&3 2>/dev/null &
wait "$program"
code=$?
# What the program itself started, and our own listener, must not stay behind either.
trap '' TERM
kill -s TERM 0
exit "$code"
