import Database from "libsql";
const d = new Database("/tmp/b/x.db");
const Q: Record<string,string> = {
 unquoted: `select json_object('id',id,'title',title,'body',body,'createdAt',strftime('%Y-%m-%dT%H:%M:%fZ',created_at/1000.0,'unixepoch')) from post where id=?1`,
 quoted: `select json_object('id',"id",'title',"title",'body',"body",'createdAt',strftime('%Y-%m-%dT%H:%M:%fZ',"created_at"/1000.0,'unixepoch')) from "post" where "id"=?1`,
 upper: `SELECT json_object('id',id,'title',title,'body',body,'createdAt',strftime('%Y-%m-%dT%H:%M:%fZ',created_at/1000.0,'unixepoch')) FROM post WHERE id=?1`,
 nodate: `select json_object('id',id,'title',title,'body',body,'createdAt',created_at) from post where id=?1`,
 noobj: `select id,title,body,created_at from post where id=?1`,
 noobjq: `select "id","title","body","created_at" from "post" where "id"=?1`,
 qualified: `select "post"."id","post"."title","post"."body","post"."created_at" from "post" where "post"."id"=?1`,
};
const N=3000; const out:Record<string,number[]>={};
for (const round of [0,1,2,3,4,5,6]) for (const k of Object.keys(Q)) { const t=performance.now(); for(let i=0;i<N;i++) d.prepare(Q[k]!); (out[k]??=[]).push((performance.now()-t)/N*1000); }
for (const k in out) console.log(k.padEnd(12), out[k]!.sort((a,b)=>a-b)[3]!.toFixed(1), Q[k]!.length);
