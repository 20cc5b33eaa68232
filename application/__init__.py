"""The use cases: load, decide, save. No web, no SQL, no projection."""
