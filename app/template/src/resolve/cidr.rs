//! `Fn::Cidr`: consecutive blocks out of a block of addresses.
//!
//! Source: CloudFormation template reference, "Fn::Cidr". The texts of refusals are not confirmed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `count` blocks of addresses with `bits` bits each. Without `bits`, 64 for IPv6; IPv4 needs it.
pub(super) fn blocks(block: &str, count: &str, bits: Option<&str>) -> Result<Vec<String>, String> {
    let (address, length) =
        parse(block).ok_or_else(|| format!("Template error: Fn::Cidr ipBlock {block} is not a valid CIDR block"))?;
    let count: u32 = count
        .trim()
        .parse()
        .ok()
        .filter(|count| (1..=256).contains(count))
        .ok_or("Template error: Fn::Cidr count must be between 1 and 256")?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None if address.is_ipv6() => 64,
        bits => bits
            .and_then(|bits| bits.trim().parse::<u32>().ok())
            .filter(|bits| (1..=width).contains(bits))
            .ok_or("Template error: Fn::Cidr cidrBits must be a number of bits")?,
    };
    let room = width - length;
    let fits = bits <= room && (room - bits >= 32 || u64::from(count) <= 1_u64 << (room - bits));
    if !fits {
        return Err(format!("Template error: Fn::Cidr cannot fit {count} blocks with {bits} CIDR bits in {block}"));
    }
    let base = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    // A block of all addresses has no network part to keep.
    let network = if room == 128 { 0 } else { base >> room << room };
    let step = |index: u32| if bits == 128 { 0 } else { u128::from(index) << bits };
    Ok((0..count)
        .map(|index| {
            let at = network + step(index);
            let address = match address {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(at).unwrap_or(u32::MAX))),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(at)),
            };
            format!("{address}/{}", width - bits)
        })
        .collect())
}

fn parse(block: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = block.trim().split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let length: u32 = length.parse().ok()?;
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_each_other() {
        let cases = [
            (("192.168.0.0/16", "2", Some("8")), vec!["192.168.0.0/24", "192.168.1.0/24"]),
            (("10.0.7.9/16", "2", Some("8")), vec!["10.0.0.0/24", "10.0.1.0/24"]),
            (("10.0.0.0/24", "3", Some("5")), vec!["10.0.0.0/27", "10.0.0.32/27", "10.0.0.64/27"]),
            (("2600:1f18:abc:de00::/56", "2", None), vec!["2600:1f18:abc:de00::/64", "2600:1f18:abc:de01::/64"]),
            (("0.0.0.0/0", "1", Some("32")), vec!["0.0.0.0/0"]),
            (("::/0", "1", Some("128")), vec!["::/0"]),
        ];
        for ((block, count, bits), expected) in cases {
            assert_eq!(blocks(block, count, bits).unwrap(), expected, "{block}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (block, count, bits) in [
            ("10.0.0.0/24", "9", Some("5")),
            ("10.0.0.0/16", "0", Some("8")),
            ("10.0.0.0/16", "257", Some("8")),
            ("10.0.0.0/16", "1", None),
            ("10.0.0/16", "1", Some("8")),
            ("10.0.0.0/33", "1", Some("8")),
            ("10.0.0.0/16", "1", Some("99")),
            ("10.0.0.0/28", "1", Some("8")),
        ] {
            assert!(blocks(block, count, bits).is_err(), "{block} {count} {bits:?}");
        }
    }
}
