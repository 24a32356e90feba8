"""Callbacks: code of the user's that training calls."""

from neuroxide.callbacks.backup_and_restore import BackupAndRestore
from neuroxide.callbacks.callback import Callback
from neuroxide.callbacks.callback_list import CallbackList
from neuroxide.callbacks.early_stopping import EarlyStopping
from neuroxide.callbacks.history import History
from neuroxide.callbacks.model_checkpoint import ModelCheckpoint
from neuroxide.callbacks.progbar_logger import ProgbarLogger
from neuroxide.callbacks.snapshot_ensemble import SnapshotEnsemble
from neuroxide.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "ModelCheckpoint",
    "ProgbarLogger",
    "SnapshotEnsemble",
    "TerminateOnNaN",
]
