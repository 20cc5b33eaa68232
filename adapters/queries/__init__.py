"""SQL questions of one account: what comes in is read, checked and rewritten; what runs sees views
of that account and nothing else.

reading.py     one SELECT of known words, or a refusal: the first wall
schema.py      the tables and columns, as the vendor spells them
rewriting.py   the same question in the words of the database
wording.py     what it says, in words that mean the same on both databases
sqlite.py, postgres.py   run it where it can only read: the second wall
tickets.py     who holds which ticket, when a question names `tm.ticket`
queries.py     the three questions that routes ask
"""
