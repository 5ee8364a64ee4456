use std::ops::RangeInclusive;
use std::path::Path;

use super::builder::PlatformBuilder;
use crate::config::{ConfigError, Document};

/// `[engine]` of a `platform.toml`: what questions may use of the machine.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EngineFile {
    memory: Option<toml::Value>,
    spill: Option<String>,
    partitions: Option<i64>,
    batch_size: Option<i64>,
    late_materialization: Option<bool>,
}

/// Less than this is a mistake in the unit: no question runs in it.
const LEAST_MEMORY: u64 = 16 << 20;

/// Each partition has its own buffers, and a machine has not more cores.
const PARTITIONS: RangeInclusive<usize> = 1..=1_024;

/// A batch is held whole in memory, once for each operator and partition.
const BATCH_SIZE: RangeInclusive<usize> = 1..=1 << 20;

impl EngineFile {
    /// A builder with these settings; `folder` is where relative paths begin.
    pub(super) fn set(
        self,
        mut builder: PlatformBuilder,
        document: &Document,
        folder: &Path,
    ) -> Result<PlatformBuilder, ConfigError> {
        if let Some(memory) = &self.memory {
            let bytes = bytes_of(memory)
                .filter(|bytes| *bytes >= LEAST_MEMORY)
                .and_then(|bytes| usize::try_from(bytes).ok())
                .ok_or_else(|| {
                    document.invalid(
                        &["engine", "memory"],
                        "at least 16 MiB, as a number of bytes or a text like \"8 GiB\" (KiB, MiB, GiB, TiB, kB, MB, GB, TB)",
                        memory.to_string(),
                    )
                })?;
            builder = builder.memory_limit(bytes);
        }
        if let Some(spill) = &self.spill {
            if spill.is_empty() {
                return Err(document.invalid(
                    &["engine", "spill"],
                    "a folder that is there",
                    "an empty text",
                ));
            }
            builder = builder.spill_folder(folder.join(spill));
        }
        if let Some(partitions) = self.partitions {
            builder = builder.partitions(within(document, "partitions", partitions, PARTITIONS)?);
        }
        if let Some(rows) = self.batch_size {
            builder = builder.batch_size(within(document, "batch_size", rows, BATCH_SIZE)?);
        }
        if let Some(on) = self.late_materialization {
            builder = builder.late_materialization(on);
        }
        Ok(builder)
    }
}

fn within(
    document: &Document,
    key: &str,
    number: i64,
    range: RangeInclusive<usize>,
) -> Result<usize, ConfigError> {
    usize::try_from(number)
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            document.invalid(
                &["engine", key],
                format!("a whole number from {} to {}", range.start(), range.end()),
                number.to_string(),
            )
        })
}

fn bytes_of(memory: &toml::Value) -> Option<u64> {
    match memory {
        toml::Value::Integer(bytes) => u64::try_from(*bytes).ok(),
        toml::Value::String(text) => {
            let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
            let (number, unit) = text.split_at(unit_at);
            let unit: u64 = match unit.trim_start_matches(' ') {
                "kB" => 1_000,
                "MB" => 1_000_000,
                "GB" => 1_000_000_000,
                "TB" => 1_000_000_000_000,
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                "GiB" => 1 << 30,
                "TiB" => 1 << 40,
                _ => return None,
            };
            number.parse::<u64>().ok()?.checked_mul(unit)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_number_of_bytes_or_a_text_with_a_unit() {
        let text = |text: &str| bytes_of(&toml::Value::String(text.into()));
        assert_eq!(bytes_of(&toml::Value::Integer(4096)), Some(4096));
        assert_eq!(text("8 GiB"), Some(8 << 30));
        assert_eq!(text("8GB"), Some(8_000_000_000));
        assert_eq!(text("64 MiB"), Some(64 << 20));
        assert_eq!(text("2 TiB"), Some(2 << 40));
        for wrong in [
            "8",
            "",
            "GiB",
            "8 gib",
            "8 G",
            "1.5 GiB",
            "-8 GiB",
            "8 GiB ",
            "99999999999 TiB",
            "٨ GiB",
        ] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
        assert_eq!(bytes_of(&toml::Value::Integer(-1)), None);
        assert_eq!(bytes_of(&toml::Value::Boolean(true)), None);
    }
}
