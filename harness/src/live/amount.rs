//! Shares, times and addresses as people write them: `5%`, `0.05`, `20ms`, `10ms..30ms`, `127.0.0.1:4000`; and a bad network
//! made of them, as one word of a command line ([`Faults`]).

use super::relay::direct;
use crate::simulation::Link;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

/// The longest time that can be asked for.
const LONGEST: Duration = Duration::from_secs(3_600);

/// A share of all datagrams, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.parse().map(|percent: f64| percent / 100.0),
            None => text.parse(),
        };
        match share {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Share(share)),
            _ => Err("a share is from 0% to 100%, such as 5%, or from 0 to 1, such as 0.05".into()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded so far that 7 % is not 7.000000000000001 %.
        write!(f, "{}%", (self.0 * 1e8).round() / 1e6)
    }
}

/// A span of time with its unit.
///
/// # Errors
/// What a time looks like.
pub fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time has a unit: 500us, 20ms or 2s, and is at most one hour".to_string();
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let (number, seconds) = units
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .ok_or_else(wrong)?;
    let number: f64 = number.trim_end().parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    if time > LONGEST { Err(wrong()) } else { Ok(time) }
}

/// The shortest and the longest of times that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
}

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Times, String> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let times = Times { min: time(min)?, max: time(max)? };
        if times.min > times.max {
            return Err("the shorter time comes first, as in 10ms..30ms".into());
        }
        Ok(times)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Times { max: Duration::ZERO, .. } => f.write_str("0ms"),
            Times { min, max } if min == max => write!(f, "{min:?}"),
            Times { min, max } => write!(f, "{min:?}..{max:?}"),
        }
    }
}

/// For how long what is held back is held back, unless told otherwise.
pub const REORDER_DELAY: Duration = Duration::from_millis(20);

/// What a network does to datagrams, in both directions: `loss=5%,duplicate=0.02,reorder=10%,latency=5ms..15ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// What each direction is like.
    pub link: Link,
}

impl Faults {
    /// The names that are known, for a help text.
    pub const NAMES: &str = "loss, duplicate, reorder, corrupt (a share: 5% or 0.05); duplicate-delay, reorder-delay, latency or delay (a time: \
         20ms, or 5ms..15ms for a latency)";
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Faults, String> {
        let mut link = Link { reorder_delay: REORDER_DELAY, ..direct() };
        for fault in text.split(',').map(str::trim).filter(|fault| !fault.is_empty()) {
            let (name, amount) =
                fault.split_once('=').ok_or_else(|| format!("{fault} is not of the form loss=5%"))?;
            set(&mut link, name, amount).map_err(|why| format!("{fault}: {why}"))?;
        }
        Ok(Faults { link })
    }
}

/// Makes one fault of a link what `amount` says.
fn set(link: &mut Link, name: &str, amount: &str) -> Result<(), String> {
    let share = || amount.parse().map(|Share(share)| share);
    match name {
        "loss" => link.loss = share()?,
        "duplicate" => link.duplicate = share()?,
        "reorder" => link.reorder = share()?,
        "corrupt" => link.corrupt = share()?,
        "duplicate-delay" => link.copy_delay = time(amount)?,
        "reorder-delay" => link.reorder_delay = time(amount)?,
        "latency" | "delay" => Times { min: link.latency_min, max: link.latency_max } = amount.parse()?,
        _ => return Err(format!("there are {}", Faults::NAMES)),
    }
    Ok(())
}

/// An address that was typed.
///
/// # Errors
/// It is none; the text says what one looks like.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address is of the form 127.0.0.1:4000; names are not looked up".to_string())
}

/// The address of a server that was typed.
///
/// # Errors
/// As [`address`]; and at port 0 there is no server.
pub fn server(text: &str) -> Result<SocketAddr, String> {
    let server = address(text)?;
    match server.port() {
        0 => Err("port 0 is no server; take the address that the server prints".into()),
        _ => Ok(server),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_a_link() {
        let Faults { link } = "loss=5%,duplicate=0.02, reorder=10%,delay=5ms..15ms".parse().unwrap();
        let times = (Duration::from_millis(5), Duration::from_millis(15));
        assert_eq!((link.loss, link.duplicate, link.reorder, link.corrupt), (0.05, 0.02, 0.1, 0.0));
        assert_eq!((link.latency_min, link.latency_max), times);
        assert_eq!("".parse::<Faults>().unwrap().link, Link { reorder_delay: REORDER_DELAY, ..direct() });
        for (wrong, why) in [
            ("loss", "loss is not of the form loss=5%"),
            ("loss=5", "loss=5: a share is from 0% to 100%"),
            ("delay=5", "delay=5: a time has a unit"),
            ("lost=5%", "lost=5%: there are loss, duplicate"),
        ] {
            let told = wrong.parse::<Faults>().unwrap_err();
            assert!(told.starts_with(why), "{told}");
        }
    }

    #[test]
    fn shares_are_per_cent_or_fractions_and_are_shown_in_per_cent() {
        for (text, share, shown) in [
            ("5%", 0.05, "5%"),
            ("0.05", 0.05, "5%"),
            ("0.5%", 0.005, "0.5%"),
            ("7%", 0.07, "7%"),
            ("1", 1.0, "100%"),
        ] {
            let parsed: Share = text.parse().unwrap();
            assert!((parsed.0 - share).abs() < 1e-12, "{text}");
            assert_eq!(parsed.to_string(), shown);
        }
        for wrong in ["5", "101%", "-1%", "x", "%", "", "NaN", "inf%"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!(time("20ms"), Ok(Duration::from_millis(20)));
        assert_eq!(time("1.5 s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(time("500us"), Ok(Duration::from_micros(500)));
        for wrong in ["20", "ms", "-1s", "4000s", "1h", "NaNs"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_that_differ_have_two_ends() {
        let times: Times = "10ms..30ms".parse().unwrap();
        assert_eq!((times.min.as_millis(), times.max.as_millis()), (10, 30));
        assert_eq!(times.to_string(), "10ms..30ms");
        for one in ["20ms", "0ms"] {
            assert_eq!(one.parse::<Times>().unwrap().to_string(), one);
        }
        assert!("30ms..10ms".parse::<Times>().is_err());
    }
}
