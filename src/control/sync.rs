//! The lock of a wait: that of the model checker when it looks at every order in which threads may run
//! (`make loom`), and the usual one otherwise.

#[cfg(not(inspector_loom))]
pub(super) use parking_lot::Mutex;

#[cfg(inspector_loom)]
pub(super) use self::checked::Mutex;

#[cfg(inspector_loom)]
mod checked {
    use std::sync::PoisonError;

    use loom::sync::MutexGuard;

    /// With the interface of `parking_lot`.
    #[derive(Debug)]
    pub(in crate::control) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(in crate::control) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(in crate::control) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
