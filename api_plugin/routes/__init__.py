"""The operations, thin: who may, what comes in, whom to ask, what goes out."""
