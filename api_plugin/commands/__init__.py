"""Subcommands of `pao` that need the platform's database."""
