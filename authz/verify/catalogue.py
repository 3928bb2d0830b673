"""The catalogue of warnings: what `authz check` reports of a bundle that is admitted, and `--strict` refuses."""

from authz.language.catalogue.entry import CatalogueEntry, entries_of

UNREAD_FILE = CatalogueEntry(
    code="unread-file",
    says="A file in the folder of a bundle looks like a part of it and is not read.",
    why="A reviewer takes it for a rule or a scenario that counts. Rules are read as `*.polar` in a shell names them: "
    "no dot file, no sub-folder, a lower-case ending.",
    example="touch more/access.polar .old-access.polar Access.POLAR",
    repair="Move or rename the file so that it is read, or remove it.",
    file="shell",
)
NOT_COMPARED = CatalogueEntry(
    code="not-compared",
    says="The decisions were not compared with those of oso.",
    why="A difference between the compiled form and oso would not be seen.",
    example="pip uninstall oso && authz check",
    repair="Check the bundle with a version of Python for which oso has a release.",
    file="shell",
)
FAULTY_SCENARIOS = CatalogueEntry(
    code="faulty-scenarios",
    says="Some scenarios or files of scenarios have faults.",
    why="Their worlds were not judged.",
    example="authz check",
    repair="Run `authz test`, which reports each fault with its place.",
    file="shell",
)

TOPICS: dict[str, tuple[CatalogueEntry, ...]] = {"Warnings of `authz check`": entries_of(globals())}
"""The entries of warnings, by the title of their topic."""
