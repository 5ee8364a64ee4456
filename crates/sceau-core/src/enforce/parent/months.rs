use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use tokio::sync::OnceCell;

use crate::enforce::HiddenFailure;
use crate::enforce::people::KeySet;

/// The bytes that the keys of all remembered months may take together; those in use are kept in any case.
const MOST_BYTES: usize = 1 << 30;

/// The keys of one month, once they are read. `None` is the month of keys that have none.
pub(super) type Month = Option<i32>;

type Cell = Arc<OnceCell<Arc<KeySet>>>;

/// The keys of the parent's visible rows by month, for one question, and the memory they take.
///
/// Months that no batch is held against are forgotten, those not used for longest first, when all together exceed
/// [`MOST_BYTES`] or the question's memory, and are read again if rows of them come by again.
#[derive(Debug, Default)]
pub(super) struct Months(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    sets: HashMap<Month, Used>,
    clock: u64,
    reservation: Option<MemoryReservation>,
}

#[derive(Debug)]
struct Used {
    set: Cell,
    at: u64,
}

impl Months {
    /// The keys of a month, read by whoever asks first; the others wait.
    pub(super) async fn keys<F>(
        &self,
        month: Month,
        context: &Arc<TaskContext>,
        read: impl FnOnce(Reading) -> F,
    ) -> Result<Arc<KeySet>>
    where
        F: Future<Output = Result<(Vec<u128>, Reading)>>,
    {
        let cell = self.cell(month);
        let set = cell
            .get_or_try_init(|| async {
                let (keys, reading) = read(Reading::new(context)).await?;
                // From here on the set is accounted for with the others.
                let set = Arc::new(KeySet::new(keys));
                drop(reading);
                Ok::<_, datafusion::common::DataFusionError>(set)
            })
            .await?;
        let set = Arc::clone(set);
        self.account(context)?;
        Ok(set)
    }

    /// Accounts for keys that are being read, at the expense of months that are not in use.
    pub(super) fn grow(&self, reading: &Reading, keys: &Vec<u128>) -> Result<()> {
        if u32::try_from(keys.len()).is_err() {
            return Err(HiddenFailure::Resources.into());
        }
        self.make_room(|_| reading.0.try_resize(keys.capacity() * size_of::<u128>()))
    }

    fn cell(&self, month: Month) -> Cell {
        let mut remembered = self.lock();
        remembered.clock += 1;
        let at = remembered.clock;
        let used = remembered.sets.entry(month).or_insert_with(|| Used {
            set: Arc::default(),
            at,
        });
        used.at = at;
        Arc::clone(&used.set)
    }

    /// Accounts for what is remembered.
    fn account(&self, context: &Arc<TaskContext>) -> Result<()> {
        {
            let mut remembered = self.lock();
            remembered.reservation.get_or_insert_with(|| {
                MemoryConsumer::new("keys of parent rows").register(context.memory_pool())
            });
            while remembered.bytes() > MOST_BYTES && remembered.forget_one() {}
        }
        self.make_room(Remembered::reserve)
    }

    /// Forgets months until `reserve` succeeds.
    fn make_room(&self, reserve: impl Fn(&Remembered) -> Result<()>) -> Result<()> {
        let mut remembered = self.lock();
        loop {
            match reserve(&remembered) {
                Ok(()) => return Ok(()),
                Err(error) if !remembered.forget_one() => return Err(error),
                Err(_) => {
                    // Less than before, so that there is room for it.
                    remembered.reserve()?;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn bytes(&self) -> usize {
        let size = |used: &Used| used.set.get().map_or(0, |set| set.size());
        self.sets.values().map(size).sum()
    }

    fn reserve(&self) -> Result<()> {
        match &self.reservation {
            Some(reservation) => reservation.try_resize(self.bytes()),
            None => Ok(()),
        }
    }

    /// Forgets the month that was not used for longest, among those that are read and that nobody holds.
    fn forget_one(&mut self) -> bool {
        let unused = |used: &Used| {
            Arc::strong_count(&used.set) == 1
                && used
                    .set
                    .get()
                    .is_some_and(|set| Arc::strong_count(set) == 1)
        };
        let oldest = self
            .sets
            .iter()
            .filter(|(_, used)| unused(used))
            .min_by_key(|(_, used)| used.at)
            .map(|(month, _)| *month);
        oldest.is_some_and(|month| self.sets.remove(&month).is_some())
    }
}

/// The memory of keys that are being read.
#[derive(Debug)]
pub(super) struct Reading(MemoryReservation);

impl Reading {
    fn new(context: &Arc<TaskContext>) -> Self {
        Self(
            MemoryConsumer::new("keys of parent rows, as they are read")
                .register(context.memory_pool()),
        )
    }
}
