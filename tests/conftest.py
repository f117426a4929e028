"""What all tests share."""

import signal

# A test run that a script started in the background ignores Ctrl-C, and so would every program that it starts; with a
# handler of its own they begin with the system's default.
signal.signal(signal.SIGINT, signal.default_int_handler)
