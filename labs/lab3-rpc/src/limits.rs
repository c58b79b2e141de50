//! Decoding within limits: what is nested too deeply is refused, and what has too many values. A type that contains itself
//! (a list of boxes, a tree) is decoded by as many calls inside each other as it is deep, and no program survives when
//! its stack is full.
//!
//! [`Within`] is what is used; the rest is a deserializer around another one that counts.

use crate::MAX_VALUE;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use std::cell::Cell;
use std::fmt;

/// How deep a value may be nested.
pub const MAX_DEPTH: usize = 64;

/// How many values there may be in one, each of its parts being one too.
pub const MAX_VALUES: usize = 65_536;

/// How many bytes may be allocated in all to decode `len` bytes (rule A3): twice what it takes to make room as values come,
/// and for one text that was promised and is not there.
#[must_use]
pub const fn memory_for(len: usize) -> usize {
    2 * MAX_VALUE + 32 * len
}

/// How many bytes a client or a server may allocate in all for a datagram that it drops (rule B9).
pub const MAX_FOR_DROPPED: usize = 4 * MAX_VALUE;

/// A value that is decoded within [`MAX_DEPTH`] and [`MAX_VALUES`]: its bytes are those of the value itself.
///
/// ```
/// use lab3_kit::limits::Within;
/// # let bytes = [1, 2, 0, 0, 0, 0, 0, 0, 0, 0];
///
/// let (Within(value), used) = bincode::serde::decode_from_slice::<Within<u16>, _>(&bytes, bincode::config::legacy())?;
/// assert_eq!((value, used), (513, 2));
/// # Ok::<(), bincode::error::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Within<T> {
    fn deserialize<D: Deserializer<'de>>(inner: D) -> Result<Within<T>, D::Error> {
        let limits = Limits { values: Cell::new(MAX_VALUES) };
        T::deserialize(Limited { inner, place: Place { limits: &limits, depth: MAX_DEPTH } }).map(Within)
    }
}

/// How many values may still be read.
struct Limits {
    values: Cell<usize>,
}

/// What remains at one place: how deep one may go from there.
#[derive(Clone, Copy)]
struct Place<'l> {
    limits: &'l Limits,
    depth: usize,
}

/// A deserializer, visitor or access of serde's, and where it is.
struct Limited<'l, Inner> {
    inner: Inner,
    place: Place<'l>,
}

impl<'l> Place<'l> {
    /// One value more is read here.
    fn enter<E: Error>(self) -> Result<Place<'l>, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("it is nested too deeply"))?;
        let left =
            self.limits.values.get().checked_sub(1).ok_or_else(|| E::custom("it has too many values"))?;
        self.limits.values.set(left);
        Ok(Place { depth, ..self })
    }

    fn with<Inner>(self, inner: Inner) -> Limited<'l, Inner> {
        Limited { inner, place: self }
    }
}

/// Deserializer methods that take nothing but a visitor.
macro_rules! deserialize {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.inner.$method(self.place.enter()?.with(visitor))
        })*
    };
}

/// Visitor methods that take a plain value.
macro_rules! visit {
    ($($method:ident($type:ty))*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Limited<'_, D> {
    type Error = D::Error;

    deserialize! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_unit_struct(name, self.place.enter()?.with(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_newtype_struct(name, self.place.enter()?.with(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_tuple(len, self.place.enter()?.with(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_tuple_struct(name, len, self.place.enter()?.with(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_struct(name, fields, self.place.enter()?.with(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_enum(name, variants, self.place.enter()?.with(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Limited<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool(bool) visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128) visit_f32(f32) visit_f64(f64)
        visit_char(char) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(self.place.with(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(self.place.with(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(self.place.with(access))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(self.place.with(access))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(self.place.with(access))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Limited<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(self.place.with(inner))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Limited<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        self.inner.next_element_seed(self.place.with(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        // A promise of the bytes, which nobody has checked: no room is made for it.
        None
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Limited<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        self.inner.next_key_seed(self.place.with(seed))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Self::Error> {
        self.inner.next_value_seed(self.place.with(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

impl<'de, 'l, A: EnumAccess<'de>> EnumAccess<'de> for Limited<'l, A> {
    type Error = A::Error;
    type Variant = Limited<'l, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), Self::Error> {
        let (value, variant) = self.inner.variant_seed(self.place.with(seed))?;
        Ok((value, self.place.with(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Limited<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        self.inner.newtype_variant_seed(self.place.with(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.inner.tuple_variant(len, self.place.with(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.inner.struct_variant(fields, self.place.with(visitor))
    }
}
