use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::store::Block;
use crate::store::chunk::{GZIP_HEADER, gzip_tail};
use proptest::prelude::*;

fn member(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8], part: Part) -> (Vec<String>, End, Place) {
    let mut found = Vec::new();
    let (end, place) = lines(Cursor::new(bytes), part, &mut |line, _| {
        found.push(String::from_utf8_lossy(line).into_owned());
        true
    })
    .unwrap();
    (found, end, place)
}

fn all(bytes: &[u8]) -> (Vec<String>, End, Place) {
    read(bytes, Part::Gzip(Place::default()))
}

#[test]
fn all_members_are_read_and_a_line_may_lie_in_two() {
    let file = [member(b"one\ntw"), member(b"o\nthree\n"), member(b"four")].concat();
    let (lines, end, place) = all(&file);
    assert_eq!((lines, end), (["one", "two", "three", "four"].map(str::to_owned).to_vec(), End::Whole));
    // The last line has no end: it would be read again, and nothing else.
    let (again, _, _) = read(&file, Part::Gzip(place));
    assert_eq!(again, ["four"]);
}

#[test]
fn what_is_no_gzip_and_what_is_damaged_is_said_so() {
    assert_eq!(all(b"{\"plain\":1}\n").1, End::NotGzip);
    assert_eq!(all(b"").1, End::Whole);
    let mut file = member(b"one\ntwo\n");
    let crc = file.len() - 5;
    file[crc] ^= 1;
    assert_eq!(all(&file), (vec!["one".into(), "two".into()], End::Damaged, Place { at: 0, plain: 8 }));
    let half = member(b"one\ntwo\nthree\n");
    assert_eq!(all(&half[..half.len() - 6]).1, End::Torn);
    assert_eq!(all(&[member(b"one\n"), b"rest".to_vec()].concat()).1, End::NotGzip);
}

#[test]
fn a_bomb_is_stopped_early_and_a_long_line_given_empty() {
    let megabyte = Block::compress_at(Compression::best(), &vec![b'a'; 1 << 20]).bytes;
    let file = |megabytes: usize, rest: &[u8]| {
        let rest = Block::compress(rest).bytes;
        [&GZIP_HEADER[..], &megabyte.repeat(megabytes), &rest, &gzip_tail(0, 0)].concat()
    };
    let bomb = file(200, b"\n");
    assert!(bomb.len() < 2 << 20);
    let (lines, end, _) = all(&bomb);
    assert_eq!((lines.len(), end), (0, End::Bomb));
    let megabytes = (MAX_LINE_BYTES >> 20) + 1;
    let (lines, _, place) = all(&file(megabytes, b"\nnext\n"));
    assert_eq!(lines, [String::new(), "next".into()]);
    assert_eq!(place.plain, ((megabytes << 20) + 6) as u64);
}

#[test]
fn the_blocks_of_an_inspector_are_read_on_from_where_they_ended() {
    let blocks = [Block::compress(b"one\ntwo\n"), Block::compress(b"three\n"), Block::compress(b"four\n")];
    let mut file = GZIP_HEADER.to_vec();
    let mut ends = Vec::new();
    for block in &blocks {
        file.extend_from_slice(&block.bytes);
        ends.push(file.len() as u64);
    }
    file.extend_from_slice(&gzip_tail(0, 0));
    let begin = Place { at: GZIP_HEADER.len() as u64, plain: 0 };
    let (lines, end, place) = read(&file, Part::Blocks(begin, ends[1]));
    assert_eq!((lines.len(), end, place), (3, End::Whole, Place { at: ends[1], plain: 0 }));
    let (lines, end, _) = read(&file, Part::Blocks(place, ends[2]));
    assert_eq!((lines, end), (vec!["four".to_owned()], End::Whole));
}

proptest! {
    #[test]
    fn a_growing_file_gives_each_line_once(
        parts in prop::collection::vec(prop::collection::vec("[a-z]{0,20}", 0..6), 1..5), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let text = |lines: &Vec<String>| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let file: Vec<u8> = parts.iter().flat_map(|lines| member(text(lines).as_bytes())).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(file.len() + 1)).chain([file.len()]).collect();
        cuts.sort_unstable();
        let (mut found, mut place) = (Vec::new(), Place::default());
        for cut in cuts {
            let (lines, _, next) = read(&file[..cut], Part::Gzip(place));
            found.extend(lines);
            place = next;
        }
        prop_assert_eq!(found, parts.concat());
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..500), gzip in any::<bool>(), at in any::<prop::sample::Index>(), plain in 0_u64..600) {
        if gzip {
            let mut whole = member(&bytes);
            let at = at.index(whole.len());
            whole[at] ^= 0x10;
            bytes = whole;
        }
        let place = Place { at: at.index(bytes.len() + 1) as u64, plain };
        read(&bytes, Part::Gzip(place));
        read(&bytes, Part::Blocks(place, bytes.len() as u64));
    }
}
