"""Queueing: how many requests run at once, and whose turn it is. Where no limit is set, nothing here does anything."""
