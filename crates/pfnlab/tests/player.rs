//! Going back is as if one had only gone so far.

use pfnlab::TraceFile;
use pfnlab::reel::{Player, Reel};

/// So many operations of several sizes; every third one gives the one before it back.
fn trace(operations: u64) -> TraceFile {
    let mut text = "#pfnlab-trace 1\nmachine one-node\n".to_owned();
    for ticket in 0..operations {
        text.push_str(&match ticket % 3 {
            2 => format!("f {}\n", ticket - 1),
            _ => format!("a {ticket} order={}\n", ticket % 5),
        });
    }
    TraceFile::parse("a.trace", &text, "".as_ref()).unwrap()
}

/// At `position`, the state and the story are those of a reel that never went back.
#[track_caller]
fn check(player: &Player, trace: &TraceFile, position: u64) {
    assert_eq!(player.position(), position);
    let mut reel = Reel::of_trace(trace).unwrap();
    let told = position.checked_sub(1).map(|last| {
        reel.wind_to(last).unwrap();
        reel.next().unwrap().unwrap()
    });
    assert_eq!(player.state(), reel.state());
    let (ours, theirs) = (player.told(), told.as_ref());
    assert_eq!(
        ours.map(|told| (told.step, told.line, &told.events, &told.story)),
        theirs.map(|told| (told.step, told.line, &told.events, &told.story)),
    );
}

/// More keyframes would be due than are kept.
#[test]
fn every_position_is_the_same_from_everywhere() {
    let trace = trace(1500);
    let mut player = Player::new(Reel::of_trace(&trace).unwrap());
    for position in [1500, 3, 1499, 64, 65, 0, 1, 700, 699, 698, 1400, 513, 512] {
        player.go_to(position).unwrap();
        check(&player, &trace, position);
    }
    player.go_to(9999).unwrap();
    check(&player, &trace, 1500);
}

/// As the trace that was written so in the first place.
#[test]
fn an_edited_run_is_the_run_of_the_edited_trace() {
    let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=3\na 2 order=0\nf 1\nf 2\n";
    let edited = "#pfnlab-trace 1\nmachine one-node\na 1 order=3\na 2 order=5\na 3 order=1\nf 2\n";
    let parse = |text| TraceFile::parse("a.trace", text, "".as_ref()).unwrap();
    let mut player = Player::new(Reel::of_trace(&parse(text)).unwrap());
    player.go_to(4).unwrap();
    player.go_to(1).unwrap();
    player.replace("a 2 order=5").unwrap();
    player.go_to(2).unwrap();
    player.omit();
    player.insert("a 3 order=1").unwrap();
    assert_eq!(player.operations(), 4);

    let mut reel = Reel::of_trace(&parse(edited)).unwrap();
    reel.wind_to_end().unwrap();
    player.go_to(4).unwrap();
    assert_eq!(player.state(), reel.state());
    player.go_to(0).unwrap();
    player.go_to(4).unwrap();
    assert_eq!(player.state(), reel.state());
}

#[test]
fn behind_an_operation_that_cannot_be_run_is_no_state() {
    let trace = trace(9);
    let mut player = Player::new(Reel::of_trace(&trace).unwrap());
    player.go_to(4).unwrap();
    player.insert("a 0 order=0").unwrap();
    for position in [5, 10] {
        let error = player.go_to(position).unwrap_err().to_string();
        assert!(
            error.starts_with("a.trace, edited: operation 4: "),
            "{error}"
        );
        check(&player, &trace, 4);
    }
    player.omit();
    player.go_to(9).unwrap();
    check(&player, &trace, 9);
}

#[test]
fn a_line_that_is_no_operation_is_pointed_at() {
    let mut player = Player::new(Reel::of_trace(&trace(3)).unwrap());
    let check = |line: &str, expected: &str, player: &mut Player| {
        let error = player.replace(line).unwrap_err();
        assert_eq!(&error.text()[error.span()], expected, "{error}");
        assert_eq!(player.operations(), 3);
    };
    check("a 1 order=11", "11", &mut player);
    check("a 1 order=0 one-too-many", "one-too-many", &mut player);
    check("machine two-node", "machine", &mut player);
    check("profile linux-6.12.y", "profile linux-6.12.y", &mut player);
    check("", "", &mut player);
}
