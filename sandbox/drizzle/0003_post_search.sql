drop trigger if exists "post_search_insert";
--> statement-breakpoint
drop trigger if exists "post_search_delete";
--> statement-breakpoint
drop trigger if exists "post_search_update";
--> statement-breakpoint
drop table if exists "post_search";
--> statement-breakpoint
create virtual table "post_search" using fts5("title", "body", content="post", content_rowid="rowid", tokenize='porter unicode61 remove_diacritics 2');
--> statement-breakpoint
create trigger "post_search_insert" after insert on "post" begin insert into "post_search" (rowid, "title", "body") values (new."rowid", new."title", new."body"); end;
--> statement-breakpoint
create trigger "post_search_delete" after delete on "post" begin insert into "post_search" ("post_search", rowid, "title", "body") values ('delete', old."rowid", old."title", old."body"); end;
--> statement-breakpoint
create trigger "post_search_update" after update of "title", "body" on "post" begin insert into "post_search" ("post_search", rowid, "title", "body") values ('delete', old."rowid", old."title", old."body"); insert into "post_search" (rowid, "title", "body") values (new."rowid", new."title", new."body"); end;
--> statement-breakpoint
insert into "post_search" ("post_search") values ('rebuild');
