use super::*;

fn project() -> (tempfile::TempDir, Tools) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("root/src")).unwrap();
    fs::write(directory.path().join("secret.txt"), "the inspector must not show this").unwrap();
    fs::write(directory.path().join("root/readme.md"), "# Title\nAn Inspector for agents.\n").unwrap();
    fs::write(directory.path().join("root/src/lib.rs"), "// inspector\n").unwrap();
    fs::write(directory.path().join("root/picture.bin"), [0xff, 0xfe, 0x00]).unwrap();
    let tools = Tools::new(directory.path().join("root")).unwrap();
    (directory, tools)
}

#[test]
fn paths_stay_inside_the_directory() {
    let (directory, tools) = project();
    let absolute = directory.path().join("secret.txt").to_string_lossy().into_owned();
    for path in ["../secret.txt", "src/../../secret.txt", "/etc/passwd", absolute.as_str()] {
        let arguments = json!({ "path": path }).to_string();
        for tool in ["read_file", "list_files"] {
            assert!(matches!(tools.call(tool, &arguments), Err(ToolError::Outside(_))), "{tool} {path}");
        }
        let arguments = json!({ "path": path, "text": "inspector" }).to_string();
        assert!(matches!(tools.call("search_text", &arguments), Err(ToolError::Outside(_))), "search {path}");
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_directory() {
    let (directory, tools) = project();
    std::os::unix::fs::symlink(directory.path().join("secret.txt"), directory.path().join("root/link.txt"))
        .unwrap();
    std::os::unix::fs::symlink(directory.path(), directory.path().join("root/up")).unwrap();
    for path in ["link.txt", "up/secret.txt"] {
        let result = tools.call("read_file", &json!({ "path": path }).to_string());
        assert!(matches!(result, Err(ToolError::Outside(_))), "{path}");
    }
    let found = tools.call("search_text", r#"{"text":"must not show"}"#).unwrap();
    assert_eq!(found["hits"], json!([]));
}

#[test]
fn listing_reading_and_searching_find_what_is_there() {
    let (_directory, tools) = project();
    let listed = tools.call("list_files", "").unwrap();
    assert_eq!(listed["entries"], json!(["picture.bin", "readme.md", "src/"]));

    let found = tools.call("search_text", r#"{"text":"inspector"}"#).unwrap();
    assert_eq!(
        found["hits"][0],
        json!({ "path": "readme.md", "line": 2, "text": "An Inspector for agents." })
    );
    assert_eq!(found["hits"].as_array().unwrap().len(), 2);
    assert_eq!(found["complete"], json!(true));

    let read = tools.call("read_file", r#"{"path":"readme.md","from_line":2}"#).unwrap();
    assert_eq!(read["lines"], json!(["An Inspector for agents."]));
    assert_eq!(read["total_lines"], 2);
}

#[test]
fn what_is_not_text_or_too_long_is_refused() {
    let (directory, tools) = project();
    fs::write(directory.path().join("root/long.txt"), "x".repeat(MAX_FILE_BYTES as usize + 1)).unwrap();
    for path in ["picture.bin", "long.txt", "src"] {
        let result = tools.call("read_file", &json!({ "path": path }).to_string());
        assert!(matches!(result, Err(ToolError::NotText(_) | ToolError::Io(..))), "{path}");
    }
}

#[test]
fn bounds_hold_and_are_said() {
    let (directory, tools) = project();
    let many: String = (0..100).map(|_| format!("needle {}\n", "y".repeat(500))).collect();
    fs::write(directory.path().join("root/many.txt"), many).unwrap();
    let found = tools.call("search_text", r#"{"text":"needle"}"#).unwrap();
    assert_eq!((found["hits"].as_array().unwrap().len(), &found["more"]), (MAX_HITS_PER_FILE, &json!(97)));
    let longest = found["hits"][0]["text"].as_str().unwrap().chars().count();
    assert_eq!(longest, MAX_LINE_CHARS + 1);
    let read = tools.call("read_file", r#"{"path":"many.txt"}"#).unwrap();
    assert_eq!(read["lines"].as_array().unwrap().len(), MAX_LINES);
}

#[test]
fn a_wrong_call_is_an_error_for_the_model() {
    let (_directory, tools) = project();
    assert!(matches!(tools.call("delete_file", "{}"), Err(ToolError::Unknown(_))));
    assert!(matches!(tools.call("read_file", "{}"), Err(ToolError::Arguments(_))));
    assert!(matches!(tools.call("read_file", "not json"), Err(ToolError::Arguments(_))));
}
