"""Files fetched once and kept: `get_file`, with checksums and a cache folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

SCHEMES = ("http", "https", "file")
CHUNK = 1 << 20
TIMEOUT = 30.0


def cache_folder() -> Path:
    """The folder that downloads are kept in: `NEUROXIDE_CACHE`, or `neuroxide` in the user's cache folder.

    >>> cache_folder().name
    'neuroxide'
    """
    chosen = os.environ.get("NEUROXIDE_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "neuroxide"


def file_digest(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """The hexadecimal digest of a file, `algorithm` being sha256 or md5.

    Raises:
        ValueError: the algorithm is another.
    """
    if algorithm not in ("sha256", "md5"):
        raise ValueError(f"file_digest: expected algorithm 'sha256' or 'md5', got {algorithm!r}")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def get_file(
    fname: str,
    origin: str,
    *,
    file_hash: str | None = None,
    hash_algorithm: str = "auto",
    cache_subdir: str = "datasets",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Downloads a file unless the cache has it, checks it, and returns its path.

    A download is written under a temporary name and renamed once it is whole and its digest fits, so
    an interrupted one leaves nothing behind. A cached file whose digest differs is fetched again.

    Args:
        fname: name in the cache; no folders.
        origin: where it is: an http, https or file URL.
        file_hash: hexadecimal digest that it must have; None accepts anything.
        hash_algorithm: "sha256", "md5", or "auto", which tells by the digest's length.
        cache_subdir: folder inside the cache.
        cache_dir: the cache; None takes `NEUROXIDE_CACHE`, or `~/.cache/neuroxide`.
        force_download: fetch even when the cache has it.

    Returns:
        The path of the file, a string.

    Raises:
        ValueError: a name with folders, another kind of URL, or a digest that differs.
        ConnectionError: the URL could not be read.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "there").write_text("hello")
        >>> path = get_file("here", (folder / "there").as_uri(), cache_dir=folder)
        >>> pathlib.Path(path).read_text()
        'hello'

    Follows `keras.utils.get_file`.
    """
    if not fname or fname in (".", "..") or any(separator in fname for separator in ("/", "\\", "\0")):
        raise ValueError(f"get_file: expected fname to be a file's name without folders, got {fname!r}")
    if origin.partition(":")[0] not in SCHEMES:
        raise ValueError(f"get_file: expected origin to be an http, https or file URL, got {origin!r}")
    algorithm = _algorithm(file_hash, hash_algorithm)
    folder = Path(cache_dir) if cache_dir is not None else cache_folder()
    target = folder / cache_subdir / fname
    cached = target.is_file() and not force_download
    if cached and (file_hash is None or file_digest(target, algorithm) == file_hash.lower()):
        return str(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{fname}.", dir=target.parent)
    os.close(handle)
    try:
        _download(origin, temporary, target)
        if file_hash is not None:
            found = file_digest(temporary, algorithm)
            if found != file_hash.lower():
                raise ValueError(
                    f"get_file: expected {origin} to have the {algorithm} digest {file_hash.lower()}, got {found}; "
                    "the file has changed or was damaged on its way, and was not kept"
                )
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return str(target)


def _algorithm(file_hash: str | None, asked: str) -> str:
    if asked not in ("auto", "sha256", "md5"):
        raise ValueError(f"get_file: expected hash_algorithm 'auto', 'sha256' or 'md5', got {asked!r}")
    if file_hash is None or asked != "auto":
        return "sha256" if asked == "auto" else asked
    if len(file_hash) not in (32, 64):
        raise ValueError(f"get_file: expected file_hash to be 64 (sha256) or 32 (md5) digits, got {len(file_hash)}")
    return "sha256" if len(file_hash) == 64 else "md5"


def _download(origin: str, temporary: str, target: Path) -> None:
    # Imported late: they are slow to import, and few programs download anything.
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(origin, timeout=TIMEOUT) as source, open(temporary, "wb") as file:
            expected = source.headers.get("Content-Length")
            while chunk := source.read(CHUNK):
                file.write(chunk)
            if expected is not None and file.tell() != int(expected):
                raise ConnectionError(
                    f"get_file: expected {expected} bytes from {origin}, got {file.tell()} before the connection ended"
                )
    except urllib.error.HTTPError as error:
        raise ConnectionError(f"get_file: {origin} answered {error.code} ({error.reason})") from error
    except ConnectionError:
        raise
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise ConnectionError(
            f"get_file: could not reach {origin} ({reason}); without a network, put the file at {target} yourself"
        ) from error
