"""The dialect of OpenTicket's clients, at the root and under `/3.0.0`: it translates to the same
commands and documents as the native surface, and has no rule of its own."""
