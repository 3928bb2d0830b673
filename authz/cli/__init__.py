"""The command `authz`: one file a command group, each a thin skin over the library."""
