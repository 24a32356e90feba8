"""Names of classes and functions in files: registering, writing and looking up.

A file never decides what code runs: a name is looked up among the library's own classes, those that the
program registered, and `custom_objects`; nothing is ever imported or called because a file names it.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from neuroxide.utils.naming import suggest

T = TypeVar("T")

_builtin: dict[str, dict[str, Any]] = {}
_registered: dict[str, Any] = {}
_registered_names: dict[Any, str] = {}


class _Scope(threading.local):
    objects: tuple[Mapping[str, Any], ...] = ()


_scope = _Scope()


def register_builtin(kind: str, *objects: Any, **aliases: Any) -> None:
    """Make the library's own classes or functions known under a kind such as ``"layers"``."""
    table = _builtin.setdefault(kind, {})
    for obj in objects:
        table[obj.__name__] = obj
    table.update(aliases)


def builtins_of(kind: str) -> Mapping[str, Any]:
    """What the library itself offers of a kind: name → class or function."""
    return _builtin.get(kind, {})


def register_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Class or function decorator: let files name this object as ``package>name``.

    Args:
        package: Prefix that keeps names of different packages apart.
        name: Name within the package; the object's own name by default.

    Returns:
        The decorator; it gives the object back unchanged.

    Raises:
        ValueError: When a class has no ``get_config``.

    Example:
        >>> @register_serializable("docs")
        ... def shifted(x):
        ...     return x + 1
        >>> get_registered_name(shifted)
        'docs>shifted'
    """

    def decorator(obj: T) -> T:
        own = name if name is not None else getattr(obj, "__name__", type(obj).__name__)
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(f"register_serializable: {own} has no get_config method; write one to register the class")
        key = f"{package}>{own}"
        _registered[key] = obj
        _registered_names[obj] = key
        return obj

    return decorator


register_keras_serializable = register_serializable


def get_registered_name(obj: Any) -> str | None:
    """The ``package>name`` that an object was registered under, or None."""
    return _registered_names.get(obj)


def get_registered_object(name: str) -> Any | None:
    """What was registered as ``package>name``, or None."""
    return _registered.get(name)


def get_custom_objects() -> dict[str, Any]:
    """Everything registered by the program, by full name (a copy)."""
    return dict(_registered)


@contextlib.contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Within the `with` block, names in configurations are looked up here first.

    Args:
        custom_objects: Name → class or function.

    Example:
        >>> with custom_object_scope({"twice": lambda x: x * 2}):
        ...     find("activations", "twice")(3)
        6
    """
    saved = _scope.objects
    _scope.objects = (custom_objects, *saved)
    try:
        yield
    finally:
        _scope.objects = saved


def lookup(kind: str, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any | None:
    """The class or function of this name, or None."""
    for table in ((custom_objects or {}), *_scope.objects):
        if name in table:
            return table[name]
    if name in _registered:
        return _registered[name]
    found = _builtin.get(kind, {}).get(name)
    if found is not None:
        return found
    matches = [obj for key, obj in _registered.items() if key.rpartition(">")[2] == name]
    return matches[0] if len(matches) == 1 else None


def find(kind: str, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The class or function of this name.

    Args:
        kind: ``"layers"``, ``"losses"``, ``"activations"``, …
        name: Class name, or the ``package>name`` of a registered object.
        custom_objects: Searched first.

    Raises:
        ValueError: When nothing has this name; close matches are offered.
    """
    found = lookup(kind, name, custom_objects)
    if found is None:
        raise ValueError(f"{kind}: unknown name {name!r}{suggest(name, _builtin.get(kind, {}))}{_hint(name)}")
    return found


def _hint(name: str) -> str:
    known = _builtin.values()
    if any(name in table for table in known):
        return ""
    return " (pass your own classes with custom_objects={...} or decorate them with register_serializable)"


def kind_of(cls: Any) -> str | None:
    """The kind under which the library itself knows this very class or function."""
    name = getattr(cls, "__name__", "")
    for kind, table in _builtin.items():
        if table.get(name) is cls:
            return kind
    return None


def serialize(obj: Any, kind: str | None = None) -> Any:
    """Describe an object in plain JSON values.

    Args:
        obj: None, a plain value, an array, a list or dictionary of such, a function, or an object with
            ``get_config``.
        kind: What the object is, for those the library does not know.

    Returns:
        Plain values; objects become ``{"class_name": …, "config": …, "module": kind, "registered_name": …}``.

    Raises:
        TypeError: When the object has no description.

    Example:
        >>> serialize({"a": (1, 2.5), "b": None})
        {'a': [1, 2.5], 'b': None}
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return {"class_name": "__array__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, (list, tuple)):
        return [serialize(item) for item in obj]
    if isinstance(obj, dict):
        return {str(key): serialize(value) for key, value in obj.items()}
    if hasattr(obj, "get_config") and not inspect.isclass(obj):
        cls = type(obj)
        return {
            "module": kind_of(cls) or kind,
            "class_name": cls.__name__,
            "config": obj.get_config(),
            "registered_name": get_registered_name(cls),
        }
    if callable(obj):
        return _serialize_function(obj)
    raise TypeError(f"serialize: expected a plain value or an object with get_config, got {type(obj).__name__}")


def _serialize_function(function: Any) -> Any:
    name = getattr(function, "__name__", "")
    if not name or name == "<lambda>":
        raise TypeError("serialize: a lambda cannot be written to a file; use a named function that is registered")
    registered = get_registered_name(function)
    return {"module": kind_of(function), "class_name": "function", "config": name, "registered_name": registered}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None, kind: str | None = None) -> Any:
    """Build again what `serialize` described.

    Args:
        config: What `serialize` returned.
        custom_objects: Name → class or function, searched first.
        kind: Where plain class names are looked up when the description does not say.

    Returns:
        The object; plain values come back as they are.

    Raises:
        ValueError: For a name that nobody registered. Nothing is imported to find it.
    """
    if isinstance(config, list):
        return [deserialize(item, custom_objects) for item in config]
    if not isinstance(config, dict):
        return config
    if not isinstance(config.get("class_name"), str) or "config" not in config:
        return {key: deserialize(value, custom_objects) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name == "__array__":
        return np.asarray(inner["value"], dtype=_array_dtype(inner["dtype"]))
    where = config.get("module") or kind or "layers"
    if not isinstance(where, str):
        raise ValueError(f"deserialize: expected the module of {name} to be a name, got {where!r:.80}")
    registered = config.get("registered_name")
    if name == "function":
        return find(where, registered or inner, custom_objects)
    cls = lookup(where, registered, custom_objects) if registered else None
    if cls is None:
        cls = find(where, name, custom_objects)
    return _instantiate(cls, name, inner, custom_objects)


def _instantiate(cls: Any, name: str, inner: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    if not hasattr(cls, "from_config"):
        raise ValueError(f"deserialize: {name} has no from_config method")
    if not isinstance(inner, dict):
        raise ValueError(f"deserialize: expected the configuration of {name} to be a dictionary, got {inner!r}")
    if custom_objects:
        with custom_object_scope(custom_objects):
            return cls.from_config(inner)
    return cls.from_config(inner)


def _array_dtype(name: object) -> np.dtype[Any]:
    dtype = np.dtype(str(name))
    if dtype.hasobject:
        raise ValueError(f"deserialize: expected a numeric dtype, got {name!r}")
    return dtype
