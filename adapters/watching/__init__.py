"""What is seen from outside: metrics, traces, and who a line of the log is about."""
