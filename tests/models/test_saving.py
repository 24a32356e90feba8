"""`.nx` and `.safetensors` files of models: the same bits back, nothing run, nothing lost, clear errors."""

import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuroxide as nx
from neuroxide import layers, ops
from neuroxide.models import safetensors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4)).astype(np.float32)
Y = RNG.normal(size=(30, 1)).astype(np.float32)


def small(**options):
    model = nx.Sequential([nx.Input((4,)), layers.Dense(5, "relu"), layers.Dropout(0.4), layers.Dense(1)])
    model.compile(options.pop("optimizer", "adam"), options.pop("loss", "mse"), **options)
    return model


def bits(model):
    return [w.tobytes() for w in model.get_weights()] + [v.numpy().tobytes() for v in model.optimizer.variables]


class Scale(layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.s = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.s * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Branchy(nx.Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.one, self.two = layers.Dense(units), [layers.Dense(units), layers.Dropout(0.5)]

    def call(self, x, training=None):
        return self.one(x) + self.two[1](self.two[0](x), training=training)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", lambda: nx.optimizers.SGD(0.1, momentum=0.9)])
def test_training_goes_on_with_the_same_bits(tmp_path, optimizer):
    model = small(optimizer=optimizer() if callable(optimizer) else optimizer, metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    model.save(tmp_path / "m.nx")
    loaded = nx.models.load_model(tmp_path / "m.nx")
    assert bits(loaded) == bits(model)
    assert loaded.predict(X, verbose=0).tobytes() == model.predict(X, verbose=0).tobytes()
    for each in (model, loaded):
        nx.utils.set_random_seed(5)
        each.fit(X, Y, epochs=2, batch_size=7, verbose=0)
    assert bits(loaded) == bits(model)
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_the_same_predictions_in_a_new_process(tmp_path):
    model = small()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.nx")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import sys, numpy as np, neuroxide as nx; m = nx.models.load_model(sys.argv[1] + '/m.nx');"
        "print(m.predict(np.load(sys.argv[1] + '/x.npy'), verbose=0).tobytes().hex())"
    )
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert bytes.fromhex(out.stdout.strip()) == model.predict(X, verbose=0).tobytes()


def test_graphs_custom_layers_and_functions(tmp_path):
    @nx.utils.register_serializable("tests")
    def cubic(t, p):
        return ops.mean(ops.absolute(t - p) ** 3.0, axis=-1)

    a, b = nx.Input((4,), name="a"), nx.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    out = {"p": layers.Dense(1, name="p")(shared(a) + shared(b) * 2.0), "q": Scale(2.0, name="q")(shared(a)[:, 1:])}
    model = nx.Model([a, b], out, name="two")
    model.compile("adam", {"p": cubic, "q": "mse"}, loss_weights={"p": 1.0, "q": 0.5}, metrics={"p": ["mae"]})
    targets = {"p": Y, "q": X[:, :2]}
    model.fit([X, X[::-1]], targets, verbose=0)
    model.save(tmp_path / "m.nx")
    loaded = nx.models.load_model(tmp_path / "m.nx", custom_objects={"Scale": Scale})
    assert bits(loaded) == bits(model)
    ours, theirs = (m.evaluate([X, X[::-1]], targets, return_dict=True, verbose=0) for m in (loaded, model))
    assert ours == theirs
    with pytest.raises(ValueError, match=r"Scale.*custom_objects"):
        nx.models.load_model(tmp_path / "m.nx")


def test_subclasses_and_stacks_without_input(tmp_path):
    for model, objects in ((Branchy(), {"Branchy": Branchy}), (nx.Sequential([layers.Dense(3), layers.Dense(2)]), {})):
        unbuilt = tmp_path / "unbuilt.nx"
        model.save(unbuilt)
        assert nx.models.load_model(unbuilt, objects)(X).shape[0] == 30
        model.compile("sgd", "mse")
        model.fit(X, np.repeat(Y, model(X).shape[1], 1), verbose=0)
        model.save(tmp_path / "m.nx")
        loaded = nx.models.load_model(tmp_path / "m.nx", objects)
        assert loaded.predict(X, verbose=0).tobytes() == model.predict(X, verbose=0).tobytes()


def test_weights_are_kept_by_place_not_by_name(tmp_path):
    first = small()
    first.save_weights(tmp_path / "w.safetensors")
    assert sorted(safetensors.load_file(tmp_path / "w.safetensors")) == [
        "layers/0/bias", "layers/0/kernel", "layers/2/bias", "layers/2/kernel"
    ]  # fmt: skip
    second = small()
    assert second.layers[0].name != first.layers[0].name
    second.load_weights(tmp_path / "w.safetensors")
    assert [w.tobytes() for w in second.get_weights()] == [w.tobytes() for w in first.get_weights()]
    first.save(tmp_path / "m.nx")
    third = small()
    third.load_weights(tmp_path / "m.nx")
    assert [w.tobytes() for w in third.get_weights()] == [w.tobytes() for w in first.get_weights()]


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    small().save_weights(tmp_path / "w.safetensors")
    other = nx.Sequential([nx.Input((4,)), layers.Dense(6), layers.Dense(1)])
    before = [w.tobytes() for w in other.get_weights()]
    with pytest.raises(ValueError, match=r"no layers/1/bias; .*layers/0/kernel of shape \(4, 5\) instead of \(4, 6\)"):
        other.load_weights(tmp_path / "w.safetensors")
    assert [w.tobytes() for w in other.get_weights()] == before
    other.load_weights(tmp_path / "w.safetensors", skip_mismatch=True)
    with pytest.raises(ValueError, match="no weights yet"):
        nx.Sequential([layers.Dense(1)]).load_weights(tmp_path / "w.safetensors")


def test_compile_is_optional(tmp_path):
    model = small()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.nx")
    assert not nx.models.load_model(tmp_path / "m.nx", compile=False).compiled
    model.save(tmp_path / "n.nx", include_optimizer=False)
    assert int(nx.models.load_model(tmp_path / "n.nx").optimizer.iterations) == 0


def test_the_same_model_gives_the_same_file(tmp_path):
    model = small()
    model.save(tmp_path / "a.nx")
    model.save(tmp_path / "b.nx")
    assert (tmp_path / "a.nx").read_bytes() == (tmp_path / "b.nx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.nx") as archive:
        config = json.loads(archive.read("config.json"))
    assert config["format"] == "neuroxide model" and config["version"] == 1


class Lambda(layers.Layer):
    def call(self, x):
        return x


def unregistered(x):
    return x


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda m, p: m.save(p / "m.keras"), r"ends in \.nx, got"),
        (lambda m, p: m.save(p / "m"), r"ends in \.nx"),
        (lambda m, p: m.save_weights(p / "m.weights.h5"), r"ends in \.safetensors"),
        (lambda m, p: m.load_weights(p / "m.h5"), r"ends in \.safetensors or \.nx"),
        (lambda m, p: (m.save(p / "m.nx"), m.save(p / "m.nx", overwrite=False)), "overwrite=False"),
        (lambda m, p: nx.models.load_model(p / "m.nx", safe_mode=False), "safe_mode=False is not supported"),
        (lambda m, p: nx.Sequential([nx.Input((2,)), Lambda(name="l")]).save(p / "m.nx"), "'l' is a Lambda"),
        (
            lambda m, p: nx.Sequential([nx.Input((2,)), layers.Dense(1, activation=lambda x: x)]).save(p / "m.nx"),
            "a lambda cannot be written",
        ),
        (lambda m, p: nx.Sequential([layers.Dense(1)]).save_weights(p / "w.safetensors"), "no weights yet"),
    ],
)
def test_wrong_calls_are_told_of(tmp_path, action, message):
    with pytest.raises(ValueError, match=message):
        action(small(), tmp_path)


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        nx.models.load_model(tmp_path / "none.nx")


def rewrite(source, target, change):
    """Copy an archive with members changed."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def edit(path, value):
    """A change of one place in config.json."""

    def change(members):
        config = json.loads(members["config.json"])
        part = config
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
        members["config.json"] = json.dumps(config).encode()

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit(["format"], "pickle"), "expected format 'neuroxide model', got 'pickle'"),
        (edit(["version"], 99), "a version up to 1, got 99: update the library"),
        (edit(["version"], "1"), "a version up to 1, got '1'"),
        (edit(["model"], None), "to hold a model"),
        (edit(["model"], 3), "to hold a model"),
        (edit(["model", "class_name"], "os.system"), "os.system"),
        (edit(["model", "class_name"], "Dense"), "unknown argument 'layers'"),
        (edit(["model", "config", "layers"], "x"), "'layers' to be a list"),
        (edit(["model", "config", "layers", 1, "class_name"], "subprocess.Popen"), "Popen"),
        (edit(["model", "config", "layers", 1, "config", "units"], -1), "units"),
        (edit(["model", "config", "layers", 1, "config", "units"], 6), "of shape"),
        (edit(["model", "config", "layers", 1, "config", "activation"], "__import__"), "__import__"),
        (edit(["model", "config", "layers", 1, "config", "nope"], 1), "nope"),
        (edit(["compile", "optimizer", "class_name"], "eval"), "eval"),
        (edit(["compile", "loss"], "exec"), "exec"),
        (edit(["compile", "optimizer"], {"class_name": "SGD", "config": {}}), "state of SGD"),
        (lambda m: m.pop("weights.safetensors"), "expected a member 'weights.safetensors'"),
        (lambda m: m.update({"weights.safetensors": m["optimizer.safetensors"]}), "expected the weights"),
        (lambda m: m.update({"state.json": b'{"generators": {"a": [1, 2]}}'}), "random generators"),
        (lambda m: m.update({"state.json": b'{"generators": {"layers/1/seed_generator": [1]}}'}), "generator"),
        (lambda m: m.update({"evil.py": b"1"}), "expected members among"),
    ],
)
def test_changed_files_are_refused(tmp_path, change, message):
    model = small(optimizer="adam")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.nx")
    rewrite(tmp_path / "m.nx", tmp_path / "bad.nx", change)
    with pytest.raises(ValueError, match=message):
        nx.models.load_model(tmp_path / "bad.nx")


def test_nothing_a_file_names_is_imported_or_called(tmp_path, monkeypatch):
    model = small()
    model.save(tmp_path / "m.nx")
    names = [
        "os.system",
        "builtins>exec",
        "neuroxide.models.saving.load_model",
        "subprocess",
        "tests.models.test_saving",
    ]
    before = set(sys.modules)
    monkeypatch.setattr(os, "system", lambda *a: pytest.fail("ran code"))
    for name in names:
        for place in (["model", "class_name"], ["model", "registered_name"], ["model", "module"]):
            rewrite(tmp_path / "m.nx", tmp_path / "bad.nx", edit(place, name))
            try:
                nx.models.load_model(tmp_path / "bad.nx")
            except ValueError:
                continue
    assert not {m for m in set(sys.modules) - before if not m.startswith(("encodings", "neuroxide"))}


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_gives_a_model_or_a_value_error(tmp_path_factory, data):
    base = tmp_path_factory.getbasetemp()
    good = base / "good_model.nx"
    if not good.exists():
        nx.Sequential([nx.Input((2,)), layers.Dense(2)]).save(good)
    content = bytearray(good.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    for _ in range(data.draw(st.integers(0, 3)) if content else 0):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (base / "damaged_model.nx").write_bytes(content)
    try:
        model = nx.models.load_model(base / "damaged_model.nx")
    except ValueError:
        return
    assert model.count_params() == 6


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    model = small()
    model.save(tmp_path / "m.nx")
    before = (tmp_path / "m.nx").read_bytes()
    monkeypatch.setattr(safetensors, "write_stream", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        model.save(tmp_path / "m.nx")
    assert (tmp_path / "m.nx").read_bytes() == before and os.listdir(tmp_path) == ["m.nx"]


def test_pickled_models_keep_their_training(tmp_path):
    model = small(metrics=["mae"])
    model.fit(X, Y, verbose=0)
    twin = pickle.loads(pickle.dumps(model))
    assert bits(twin) == bits(model)
    for each in (model, twin):
        nx.utils.set_random_seed(5)
        each.fit(X, Y, verbose=0)
    assert bits(twin) == bits(model)
