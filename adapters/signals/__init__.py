"""What the processes on one store tell each other at once: that something was committed, and that
a reader waits for a view. A signal may be lost: whoever hears it looks by itself, too, only later.
"""
