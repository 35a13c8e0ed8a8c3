//! The locks of the bus: those of the model checker when it looks at every order in which threads may run
//! (`make loom`, with `--cfg inspector_loom`; a name of our own, since `--cfg loom` takes tokio's network away), and the usual
//! ones otherwise.

#[cfg(not(inspector_loom))]
pub(super) use parking_lot::{Mutex, RwLock};
#[cfg(not(inspector_loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(inspector_loom)]
pub(super) use self::checked::{Mutex, RwLock};
#[cfg(inspector_loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(inspector_loom)]
mod checked {
    use std::sync::PoisonError;

    use loom::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

    /// With the interface of `parking_lot`.
    #[derive(Debug)]
    pub(in crate::bus) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(in crate::bus) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(in crate::bus) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// With the interface of `parking_lot`.
    #[derive(Debug)]
    pub(in crate::bus) struct RwLock<T>(loom::sync::RwLock<T>);

    impl<T> RwLock<T> {
        pub(in crate::bus) fn new(value: T) -> Self {
            Self(loom::sync::RwLock::new(value))
        }

        pub(in crate::bus) fn read(&self) -> RwLockReadGuard<'_, T> {
            self.0.read().unwrap_or_else(PoisonError::into_inner)
        }

        pub(in crate::bus) fn write(&self) -> RwLockWriteGuard<'_, T> {
            self.0.write().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
