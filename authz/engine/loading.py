"""Load a policy and its facts."""

from pathlib import Path

from authz.bundle.loading import PolicyError, load
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.documents.files import read_document
from authz.documents.places import Loc
from authz.engine.analyses import analyze
from authz.engine.evaluation import CompiledPolicy
from authz.engine.policy import Policy
from authz.facts.memory import Facts
from authz.language.typecheck.depth import too_deep


def load_bundle(folder: str | Path) -> Policy:
    """The policy in a bundle's folder, checked and compiled.

    Raises:
        PolicyError: with every error in it.
    """
    bundle = load(folder)
    try:
        evaluator = compile_program(bundle.program, attribute)
        return Policy(bundle, evaluator, bundle.parameters, bundle.digest, analyze(bundle))
    except RecursionError:
        raise PolicyError([too_deep(bundle.path, bundle.files, bundle.program)]) from None


def load_facts(path: str | Path, policy: CompiledPolicy) -> Facts:
    """The facts in a JSON or YAML file.

    Raises:
        DiagnosticError: with every error, each with its place.
    """
    return read_facts(read_document(Path(path), str(path)), policy, str(path))


def read_facts(document: object, policy: CompiledPolicy, source: str = "facts", at: Loc = ()) -> Facts:
    """The facts in a parsed document. `source` and `at` place diagnostics.

    Raises:
        DiagnosticError: with every error, each with its place.
    """
    return policy.analyses.facts_reader.read(document, source, at)
