"""Callbacks: code of the user's that training calls."""

from neuroxide.callbacks.backup_and_restore import BackupAndRestore
from neuroxide.callbacks.callback import Callback
from neuroxide.callbacks.callback_list import CallbackList
from neuroxide.callbacks.csv_logger import CSVLogger
from neuroxide.callbacks.early_stopping import EarlyStopping
from neuroxide.callbacks.gradient_monitor import GradientMonitor
from neuroxide.callbacks.history import History
from neuroxide.callbacks.lambda_callback import LambdaCallback
from neuroxide.callbacks.learning_rate_scheduler import LearningRateScheduler
from neuroxide.callbacks.model_checkpoint import ModelCheckpoint
from neuroxide.callbacks.progbar_logger import ProgbarLogger
from neuroxide.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from neuroxide.callbacks.snapshot_ensemble import SnapshotEnsemble
from neuroxide.callbacks.swap_ema_weights import SwapEMAWeights
from neuroxide.callbacks.tensorboard import TensorBoard
from neuroxide.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "GradientMonitor",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SnapshotEnsemble",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
