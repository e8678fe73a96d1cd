"""Notices of git hosts that something was pushed: who sent one, and what it is of. One module a host."""
