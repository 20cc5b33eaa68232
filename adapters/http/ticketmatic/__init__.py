"""The dialect of Ticketmatic's clients, at `/api/1/{accountname}/…`: it translates to the same
commands and documents as the native surface, and has no rule of its own."""
