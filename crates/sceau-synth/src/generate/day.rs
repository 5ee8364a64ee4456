//! Days and months as the SNDS writes them.

use super::short::Short;
use chrono::{Datelike, NaiveDate};

/// Days since 1970-01-01, as Parquet's `DATE` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) i32);

/// A month, counted from year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month(pub(super) i32);

impl Day {
    /// 1600-01-01, which stands for "none": alive, still running.
    pub(super) const NONE: Self = Self(-135_140);

    pub(super) fn new(year: i32, month: u32, day: u32) -> Self {
        let date = NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar");
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day of the calendar");
        Self(i32::try_from((date - epoch).num_days()).expect("a day of the SNDS"))
    }

    fn date(self) -> NaiveDate {
        const EPOCH: i32 = 719_163;
        NaiveDate::from_num_days_from_ce_opt(EPOCH + self.0).expect("a day of the SNDS")
    }

    pub(super) fn year(self) -> i32 {
        self.date().year()
    }

    pub(super) fn month(self) -> Month {
        let date = self.date();
        Month(date.year() * 12 + date.month0() as i32)
    }

    pub(super) fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// `28062019`, as the PMSI writes a day in text.
    pub(super) fn ddmmyyyy(self) -> Short {
        let date = self.date();
        Short::new()
            .number(date.day(), 2)
            .number(date.month(), 2)
            .number(date.year() as u32, 4)
    }
}

impl Month {
    pub(super) fn of(year: i32, month: i32) -> Self {
        Self(year * 12 + month - 1)
    }

    pub(super) fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// From 1 to 12.
    pub(super) fn number(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    pub(super) fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    pub(super) fn first_day(self) -> Day {
        Day::new(self.year(), self.number() as u32, 1)
    }

    /// `201906`.
    pub(super) fn yyyymm(self) -> Short {
        Short::new()
            .number(self.year() as u32, 4)
            .number(self.number() as u32, 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_agree_with_the_calendar() {
        let day = Day::new(2019, 6, 28);
        assert_eq!(day.0, 18_075);
        assert_eq!((day.year(), day.month().number()), (2019, 6));
        assert_eq!(day.ddmmyyyy().as_ref(), "28062019");
        assert_eq!(day.month().yyyymm().as_ref(), "201906");
        assert_eq!(
            Month::of(2019, 12).plus(1).first_day(),
            Day::new(2020, 1, 1)
        );
        assert_eq!(Day::NONE, Day::new(1600, 1, 1));
        assert_eq!(Day::NONE.month().yyyymm().as_ref(), "160001");
    }
}
