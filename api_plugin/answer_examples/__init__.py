"""An example of the answer of each operation, by the operation's name; a test checks each against its model.

Each module has the examples of its subject; `every` has them all.
"""
