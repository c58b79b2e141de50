//! Shares and times as people write them: `5%`, `0.05`, `20ms`, `10ms..30ms`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest time that can be asked for.
const LONGEST: Duration = Duration::from_secs(3_600);

/// A share of all datagrams, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share(pub(crate) f64);

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
pub(crate) fn time(text: &str) -> Result<Duration, String> {
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
pub(crate) struct Times {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
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

#[cfg(test)]
mod tests {
    use super::*;

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
