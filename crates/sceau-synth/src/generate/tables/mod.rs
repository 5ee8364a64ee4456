//! The tables, one file each: which of the data model's columns are filled, and with what.
//!
//! The others are NULL. Constants are what the SNDS itself writes for "not concerned".

mod er_pha_f;
mod er_prs_f;
mod ir_ben_r;
mod ir_imb_r;
mod ir_pha_r;
mod ki_cci_r;
mod t_mco;

pub(super) use er_pha_f::{Dispensed, er_pha_f};
pub(super) use er_prs_f::{Key, Paid, er_prs_f};
pub(super) use ir_ben_r::{Beneficiary, ir_ben_r};
pub(super) use ir_imb_r::{Illness, ir_imb_r};
pub(super) use ir_pha_r::ir_pha_r;
pub(super) use ki_cci_r::{Death, ki_cci_r};
pub(super) use t_mco::{Diagnosis, Discharge, t_mco_b, t_mco_c, t_mco_d};
