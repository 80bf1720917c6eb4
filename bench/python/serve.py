"""What all programs that are timed say and hear; see contestant.ts."""
import json
import resource
import sys
import time


def say(**message):
    print(json.dumps(message), flush=True)


def serve(software, iterate, warm_up):
    """Warms up, says so, and iterates once for each line on standard input; at its end says what memory that took."""
    for _ in range(warm_up):
        iterate()
    say(software=software)
    for _ in sys.stdin:
        begin = time.perf_counter()
        iterate()
        say(seconds=time.perf_counter() - begin)
    say(peakBytes=peak_bytes())


def peak_bytes():
    """The most memory resident. Linux counts into ru_maxrss what the program that started this one had."""
    try:
        with open('/proc/self/status', encoding='ascii') as file:
            return next(int(line.split()[1]) for line in file if line.startswith('VmHWM:')) * 1024
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
