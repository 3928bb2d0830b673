"""The workbench: what authors and testers do with a bundle; each a function that the command calls."""
