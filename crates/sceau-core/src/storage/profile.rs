/// A known S3 endpoint: its host, its region, and what is established of its SecNumCloud qualification.
///
/// SecNumCloud is the ANSSI's qualification of cloud providers; its version 3.2 also asks for protection against laws from
/// outside the European Union. **A profile says that an endpoint is known, not that it is qualified**: most are not, or
/// their qualification covers other offers than object storage. Check the provider's certificate before health data goes
/// there. The facts below are as of May 2026.
///
/// | profiles | SecNumCloud | bucket goes in |
/// |---|---|---|
/// | `outscale-cloudgouv-eu-west-1` | qualified 3.2 (check that the certificate's scope holds the object store) | path |
/// | `outscale-eu-west-2` | not the qualified region | path |
/// | `cloud-temple-fr1` | qualified; needs `namespace`, which starts the host | path |
/// | `ovh-gra`, `-rbx`, `-sbg`, `-eu-west-par`, `-eu-south-mil`, `-de`, `-waw` | not shown: the qualified offers are others | host |
/// | `scaleway-fr-par`, `-nl-ams`, `-pl-waw` | not yet, on the way to it | path |
///
/// Left out: OVH's `uk`, outside the European Union; S3NS, qualified 3.2, whose interface is that of Google Cloud Storage
/// and not S3; and providers whose S3 host could not be established (NumSpot, Bleu, Cegedim.cloud). An `endpoint` with a
/// `sovereign` declaration reaches what is left out.
///
/// ```
/// use sceau_core::storage::{Profile, SecNumCloud};
///
/// let profile = Profile::named("outscale-cloudgouv-eu-west-1").unwrap();
///
/// assert_eq!(profile.host, "oos.cloudgouv-eu-west-1.outscale.com");
/// assert_eq!(profile.secnumcloud, SecNumCloud::Qualified);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// What `profile` says in the platform file.
    pub name: &'static str,
    /// The endpoint's host; after `<namespace>.` if [`Self::namespaced`].
    pub host: &'static str,
    /// The region that requests are signed for.
    pub region: &'static str,
    /// Whether the host starts with a namespace of the customer's.
    pub namespaced: bool,
    /// Whether the bucket goes in the path, rather than in the host.
    pub path_style: bool,
    /// What is established of its qualification.
    pub secnumcloud: SecNumCloud,
}

/// What is established of a SecNumCloud qualification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecNumCloud {
    /// The provider's offer in this region is qualified.
    Qualified,
    /// The provider has qualified offers; that this one is among them is not shown.
    NotShown,
    /// The provider is not qualified.
    NotQualified,
}

impl Profile {
    /// The profile of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// The names of all profiles.
    pub fn names() -> Vec<&'static str> {
        PROFILES.iter().map(|profile| profile.name).collect()
    }
}

const PROFILES: &[Profile] = &[
    outscale(
        "outscale-cloudgouv-eu-west-1",
        "oos.cloudgouv-eu-west-1.outscale.com",
        "cloudgouv-eu-west-1",
        SecNumCloud::Qualified,
    ),
    outscale(
        "outscale-eu-west-2",
        "oos.eu-west-2.outscale.com",
        "eu-west-2",
        SecNumCloud::NotShown,
    ),
    Profile {
        name: "cloud-temple-fr1",
        host: "s3.fr1.cloud-temple.com",
        region: "fr1",
        namespaced: true,
        path_style: true,
        secnumcloud: SecNumCloud::Qualified,
    },
    ovh("ovh-gra", "s3.gra.io.cloud.ovh.net", "gra"),
    ovh("ovh-rbx", "s3.rbx.io.cloud.ovh.net", "rbx"),
    ovh("ovh-sbg", "s3.sbg.io.cloud.ovh.net", "sbg"),
    ovh(
        "ovh-eu-west-par",
        "s3.eu-west-par.io.cloud.ovh.net",
        "eu-west-par",
    ),
    ovh(
        "ovh-eu-south-mil",
        "s3.eu-south-mil.io.cloud.ovh.net",
        "eu-south-mil",
    ),
    ovh("ovh-de", "s3.de.io.cloud.ovh.net", "de"),
    ovh("ovh-waw", "s3.waw.io.cloud.ovh.net", "waw"),
    scaleway("scaleway-fr-par", "s3.fr-par.scw.cloud", "fr-par"),
    scaleway("scaleway-nl-ams", "s3.nl-ams.scw.cloud", "nl-ams"),
    scaleway("scaleway-pl-waw", "s3.pl-waw.scw.cloud", "pl-waw"),
];

const fn outscale(
    name: &'static str,
    host: &'static str,
    region: &'static str,
    secnumcloud: SecNumCloud,
) -> Profile {
    Profile {
        name,
        host,
        region,
        namespaced: false,
        path_style: true,
        secnumcloud,
    }
}

/// OVHcloud refuses the streamed checksums of recent AWS clients. Requests here are signed over the whole payload and
/// carry no such checksum, so that they need no exception.
const fn ovh(name: &'static str, host: &'static str, region: &'static str) -> Profile {
    Profile {
        name,
        host,
        region,
        namespaced: false,
        path_style: false,
        secnumcloud: SecNumCloud::NotShown,
    }
}

const fn scaleway(name: &'static str, host: &'static str, region: &'static str) -> Profile {
    Profile {
        name,
        host,
        region,
        namespaced: false,
        path_style: true,
        secnumcloud: SecNumCloud::NotQualified,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_profiles_share_a_name_or_a_host() {
        let names: HashSet<_> = PROFILES.iter().map(|profile| profile.name).collect();
        let hosts: HashSet<_> = PROFILES.iter().map(|profile| profile.host).collect();
        assert_eq!(names.len(), PROFILES.len());
        assert_eq!(hosts.len(), PROFILES.len());
    }

    #[test]
    fn name_host_and_region_of_a_profile_agree() {
        for profile in PROFILES {
            assert!(profile.name.ends_with(profile.region), "{profile:?}");
            assert!(
                profile.host.contains(&format!(".{}.", profile.region)),
                "{profile:?}"
            );
        }
    }
}
