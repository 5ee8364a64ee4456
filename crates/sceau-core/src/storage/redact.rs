use std::fmt;

/// A URL as the user wrote it, valid or not, without what stands before `@`.
pub(super) struct Redacted<'a>(pub(super) &'a str);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((before, host)) = self.0.rsplit_once('@') else {
            return f.write_str(self.0);
        };
        match before.split_once("//") {
            Some((scheme, _)) => write!(f, "{scheme}//…@{host}"),
            None => write!(f, "…@{host}"),
        }
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_host_is_hidden() {
        for (written, shown) in [
            ("s3://bucket/", "s3://bucket/"),
            ("s3://me:hunter2@bucket/a", "s3://…@bucket/a"),
            ("https://me:hun@ter/2@host", "https://…@host"),
            ("me:hunter2@host", "…@host"),
        ] {
            assert_eq!(Redacted(written).to_string(), shown);
        }
    }
}
