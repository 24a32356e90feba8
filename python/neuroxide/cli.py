"""The command `neuroxide`: `demo` trains a network, `bleu` scores translations, `info` says what runs here."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

# Optional packages -> the extra that brings them.
EXTRAS = {"matplotlib": "viz"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status.

    >>> main(["info", "--version"])
    0.1.0
    0
    """
    options = _parser().parse_args(arguments)
    if options.command == "info":
        return info(version_only=options.version)
    if options.command == "demo":
        # Imported late: `neuroxide info` must work where training doesn't.
        from neuroxide import demo

        try:
            return demo.run(options.out, epochs=options.epochs, seed=options.seed, verbose=options.verbose)
        except OSError as error:
            print(f"neuroxide demo: {error}", file=sys.stderr)
            return 1
    if options.command == "bleu":
        from neuroxide.text import command

        return command.run(options)
    _parser().print_help()
    return 2


def info(*, version_only: bool = False) -> int:
    """Prints version, instruction set, threads, memory pool and what else matters in a bug report."""
    import numpy

    import neuroxide
    from neuroxide import _core
    from neuroxide.utils.files import cache_folder

    if version_only:
        print(neuroxide.__version__)
        return 0
    pool = _core.pool_stats()
    lines = {
        "neuroxide": f"{neuroxide.__version__} ({Path(neuroxide.__file__).parent})",
        "instruction set": f"{_core.isa()} ({platform.machine()})",
        "threads": str(_core.get_num_threads()),
        "output pool": f"{pool['live_bytes']:,} bytes live, {pool['cached_bytes']:,} kept for reuse",
        "numpy": numpy.__version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()}, {platform.system()})",
        "downloads": str(cache_folder()),
        **{package: _extra(package, extra) for package, extra in EXTRAS.items()},
    }
    wide = max(len(name) for name in lines)
    for name, value in lines.items():
        print(f"{name:<{wide}}  {value}")
    return 0


def _extra(package: str, extra: str) -> str:
    if importlib.util.find_spec(package) is None:
        return f"not installed: pip install 'neuroxide[{extra}]'"
    return importlib.metadata.version(package)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="neuroxide", description="Deep learning in one small wheel.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="train on handwritten digits, save, load, draw")
    demo.add_argument("--out", type=Path, default=Path("neuroxide-demo"), help="folder to write (default: %(default)s)")
    demo.add_argument("--epochs", type=_positive, default=40, help="passes over the data (default: %(default)s)")
    demo.add_argument("--seed", type=int, default=0, help="same seed, same result (default: %(default)s)")
    demo.add_argument("--verbose", type=int, choices=(0, 1, 2), default=1, help="0 silent, 1 bar, 2 line an epoch")
    from neuroxide.text import command

    about_bleu = "BLEU and chrF of translations, with sacrebleu's options"
    command.add_arguments(commands.add_parser("bleu", help=about_bleu, description=about_bleu))
    about = commands.add_parser("info", help="version, instruction set, threads, packages")
    about.add_argument("--version", action="store_true", help="the version alone")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())
