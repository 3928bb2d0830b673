"""`authz check`: admit a bundle, or say why not."""

from authz.cli.options import BundleArgument, bundle_folder
from authz.cli.output import print_text, progress


def check(folder: BundleArgument = None) -> None:
    """Check a bundle and say what was checked.

    Its files, types, rules and reasons are checked, and its decisions are compared with those of oso.
    """
    from authz.verify.check import check as check_bundle

    with progress("worlds") as show:
        report = check_bundle(bundle_folder(folder), show)
    print_text("\n".join(report.lines()))
