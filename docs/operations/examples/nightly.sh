#!/bin/sh
# The nightly run for cron and plain containers: what happened goes to the log, what a person must know to ALARM.
# ALARM is a command that takes its text on stdin: mail -s, a chat's webhook, logger.
set -u
cd "$(dirname "$0")" || exit 2
ALARM="${ALARM:-logger -t alsobought -p user.err}"

timeout --signal=TERM --kill-after=15m 6h .venv/bin/alsobought train --resume --quiet --json
code=$?
case "$code" in
    0) exit 0 ;;
    5) exit 0 ;; # the run before is still at work
    3) what="the data can't be used: alsobought check" ;;
    4) what="the gate refused the new model; the live one stays: models/runs/index.html" ;;
    6) what="the store or the disk: alsobought doctor" ;;
    124 | 130 | 137) what="cut off; the next run goes on from there" ;;
    *) what="it failed, see the log" ;;
esac
echo "alsobought train ended with $code: $what" | $ALARM
exit "$code"
