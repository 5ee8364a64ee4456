//! The tables, one file each: which of the data model's columns are filled, and with what.
//!
//! The others are NULL. Constants are what the SNDS itself writes for "not concerned".

mod da_pra_r;
mod er_cam_f;
mod er_ete_f;
mod er_pha_f;
mod er_prs_f;
mod ir_ben_r;
mod ir_dpt_v;
mod ir_imb_r;
mod ir_pha_r;
mod key;
mod ki_cci_r;
mod t_mco;
mod t_mco_parts;

pub(super) use da_pra_r::da_pra_r;
pub(super) use er_cam_f::{Performed, er_cam_f};
pub(super) use er_ete_f::{Hosted, er_ete_f};
pub(super) use er_pha_f::{Dispensed, er_pha_f};
pub(super) use er_prs_f::er_prs_f;
pub(super) use ir_ben_r::{Beneficiary, ir_ben_r};
pub(super) use ir_dpt_v::ir_dpt_v;
pub(super) use ir_imb_r::{Illness, ir_imb_r};
pub(super) use ir_pha_r::ir_pha_r;
pub(super) use ki_cci_r::{Death, ki_cci_r};
pub(super) use t_mco::{Discharge, Part, t_mco_b, t_mco_c};
pub(super) use t_mco_parts::{t_mco_a, t_mco_d, t_mco_um};
