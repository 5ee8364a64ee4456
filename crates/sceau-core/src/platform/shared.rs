use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One value of each type that was asked for.
#[derive(Debug, Default)]
pub(super) struct Shared {
    of: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Shared {
    pub(super) fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let found = of
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::<T>::default());
        // A value stands under its own type only.
        Arc::clone(found).downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[test]
    fn who_asks_for_a_type_gets_the_one_value_of_it() {
        let shared = Shared::default();
        shared.get::<AtomicU8>().store(7, Ordering::Relaxed);
        assert_eq!(shared.get::<AtomicU8>().load(Ordering::Relaxed), 7);
        assert!(!*shared.get::<bool>());
    }
}
