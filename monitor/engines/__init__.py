"""Who calls the jobs: one process with a scheduler (`embedded`), later a queue on PostgreSQL.

An engine only says "look now". What is due, who holds it and what came of it are rows in the store.
"""
