"""`get_file` over real local HTTP and file URLs: cache, digests, and what interrupted downloads leave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from neuroxide.utils.files import cache_folder, file_digest, get_file

CONTENT = b"some bytes" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    served = 0

    def do_GET(self) -> None:
        Handler.served += 1
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // (2 if self.path == "/short" else 1)])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def left_over(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


@pytest.mark.parametrize("digest", [None, SHA256, MD5, SHA256.upper()])
def test_downloads_once(server: str, tmp_path: Path, digest: str | None) -> None:
    before = Handler.served
    for _ in range(3):
        path = get_file("file.bin", f"{server}/file", file_hash=digest, cache_dir=tmp_path)
        assert Path(path) == tmp_path / "datasets" / "file.bin"
        assert Path(path).read_bytes() == CONTENT
    assert Handler.served == before + 1
    get_file("file.bin", f"{server}/file", file_hash=digest, cache_dir=tmp_path, force_download=True)
    assert Handler.served == before + 2


def test_wrong_digest_keeps_nothing(server: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"expected .*/file to have the sha256 digest {'0' * 64}, got {SHA256}"):
        get_file("file.bin", f"{server}/file", file_hash="0" * 64, cache_dir=tmp_path)
    assert left_over(tmp_path) == []


def test_damaged_cache_is_fetched_again(server: str, tmp_path: Path) -> None:
    path = Path(get_file("file.bin", f"{server}/file", file_hash=SHA256, cache_dir=tmp_path))
    path.write_bytes(b"damaged")
    get_file("file.bin", f"{server}/file", file_hash=SHA256, cache_dir=tmp_path)
    assert path.read_bytes() == CONTENT


def test_short_answer_keeps_nothing(server: str, tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match=r"get_file: .*/short"):
        get_file("file.bin", f"{server}/short", cache_dir=tmp_path)
    assert left_over(tmp_path) == []


def test_failed_refresh_leaves_the_old_file(server: str, tmp_path: Path) -> None:
    path = Path(get_file("file.bin", f"{server}/file", cache_dir=tmp_path))
    with pytest.raises(ConnectionError, match=r"/missing answered 404"):
        get_file("file.bin", f"{server}/missing", cache_dir=tmp_path, force_download=True)
    assert path.read_bytes() == CONTENT
    assert left_over(tmp_path) == ["file.bin"]


def test_unreachable(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match=r"could not reach http:.*:9/x .* put the file at .*file\.bin"):
        get_file("file.bin", "http://127.0.0.1:9/x", cache_dir=tmp_path)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a\\b", "a\0b"])
def test_names_with_folders_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="file's name without folders"):
        get_file(name, "http://127.0.0.1:9/x", cache_dir=tmp_path)


@pytest.mark.parametrize("origin", ["ftp://host/x", "data:,x", "/etc/passwd", "javascript:1"])
def test_other_urls_are_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ValueError, match="http, https or file URL"):
        get_file("x", origin, cache_dir=tmp_path)


def test_digest_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"64 \(sha256\) or 32 \(md5\) digits, got 3"):
        get_file("x", "http://127.0.0.1:9/x", file_hash="abc", cache_dir=tmp_path)
    with pytest.raises(ValueError, match="'auto', 'sha256' or 'md5', got 'crc'"):
        get_file("x", "http://127.0.0.1:9/x", hash_algorithm="crc", cache_dir=tmp_path)
    with pytest.raises(ValueError, match="'sha256' or 'md5', got 'crc'"):
        file_digest(tmp_path / "x", "crc")


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEUROXIDE_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("NEUROXIDE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "neuroxide"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "neuroxide"
