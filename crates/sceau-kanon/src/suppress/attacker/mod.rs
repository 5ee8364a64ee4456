//! What somebody who reads a release can compute of what is hidden in it.

mod bounds;
mod interval;
mod kernel;
mod moves;
mod programme;
mod sums;
mod system;

pub(super) use interval::intervals;
pub(super) use kernel::{Reduced, Sparse, add, negate};
pub(super) use moves::{Attack, LARGE};
pub(super) use sums::constant_sums;
pub(super) use system::systems;
