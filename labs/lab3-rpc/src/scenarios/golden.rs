//! Values and calls, with the bytes that were agreed on for them.

use crate::Target;
use crate::samples::{BankCall, Kind, Sample, Shape, Value};
use std::collections::BTreeMap;

fn sample() -> Sample {
    Sample {
        byte: 7,
        small: -2,
        number: 0x0102_0304,
        large: i64::MIN,
        real: -1.5,
        flag: true,
        letter: 'é',
        text: "zwölf".into(),
        maybe: Some(500),
        note: None,
        list: vec![1, 2],
        pair: (9, "x".into()),
        map: BTreeMap::from([(1, "a".into())]),
        kind: Kind::Two { x: -1, y: 2 },
    }
}

/// Values and their bytes, as they were agreed on.
pub(super) fn golden() -> Vec<(Value, Shape, &'static str)> {
    vec![
        (Value::Number(1), Shape::Number, "00000001"),
        (Value::Flag(true), Shape::Flag, "01"),
        (Value::Maybe(None), Shape::Maybe, "00"),
        (Value::Maybe(Some(0)), Shape::Maybe, "010000"),
        (Value::Text("ab".into()), Shape::Text, "00000000000000026162"),
        (Value::Text(String::new()), Shape::Text, "0000000000000000"),
        (Value::Numbers(vec![258]), Shape::Numbers, "00000000000000010000000000000102"),
        (Value::Kind(Kind::One(5)), Shape::Kind, "0000000105"),
        (
            Value::Sample(sample()),
            Shape::Sample,
            "07fffe010203048000000000000000bff800000000000001c3a900000000000000067a77c3b66c660101f40000000000\
             00000002000100020900000000000000017800000000000000010100000000000000016100000002ffffffff00000002",
        ),
        (Value::Chain(2), Shape::Chain, "0000000101000000010000000000"),
    ]
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| {
        hex.as_bytes().get(at).map_or(0, |digit| (*digit as char).to_digit(16).unwrap_or(0) as u8)
    };
    (0..hex.len() / 2).map(|at| digit(2 * at) << 4 | digit(2 * at + 1)).collect()
}

/// The bytes of a chain with so many links.
pub(super) fn chain(links: usize) -> Vec<u8> {
    let mut chain = [0, 0, 0, 1, 7].repeat(links);
    chain.extend([0; 4]);
    chain
}

pub(super) const BANK: Target = Target { service: 7, version: 3, method: 0 };

pub(super) fn method(method: u16) -> Target {
    Target { method, ..BANK }
}

/// Calls, and what is to be asked for them.
pub(super) fn questions() -> [(BankCall, u16, &'static str); 4] {
    [
        (BankCall::Deposit("ann".into(), -5), 1, "0000000000000003616e6efffffffffffffffb"),
        (BankCall::Balance("ann".into()), 2, "0000000000000003616e6e"),
        (BankCall::Accounts, 5, ""),
        (
            BankCall::Transfer("ann".into(), "bob".into(), 3),
            6,
            "0000000000000003616e6e0000000000000003626f6200000003",
        ),
    ]
}

/// Calls, and a result of each that can be decoded.
pub(super) fn answers() -> [(BankCall, &'static str); 5] {
    let [(deposit, ..), (balance, ..), (accounts, ..), (transfer, ..)] = questions();
    [
        (deposit, "000000000000000a"),
        (balance, "01000000000000000a"),
        (accounts, "00000000000000020000000000000003616e6e0000000000000003626f62"),
        (transfer.clone(), "00000000"),
        (transfer, "0000000100000000000000026e6f"),
    ]
}
