import Database from "libsql";
const d = new Database("/tmp/b/x.db");
const D=`strftime('%Y-%m-%dT%H:%M:%fZ',"created_at"/1000.0,'unixepoch')`;
const O=(x:string)=>`json_object('id',"id",'title',"title",'body',"body",'createdAt',${x})`;
const G=`iif("created_at">=-62167219200000 and "created_at"<253402300800000,${D},iif("created_at" is null,null,json('')))`;
const Q: Record<string,string> = {
 plain: `select ${O(D)} from "post" where "id" = ?1`,
 order: `select ${O(D)} from "post" where "id" = ?1 order by "id"`,
 limit: `select ${O(D)} from "post" where "id" = ?1 limit ?2`,
 orderlimit: `select ${O(D)} from "post" where "id" = ?1 order by "id" limit ?2`,
 orderlimit1: `select ${O(D)} from "post" where "id" = ?1 order by "id" limit 1`,
 guard: `select ${O(G)} from "post" where "id" = ?1`,
 guard2: `select ${O(`iif("created_at" between -62167219200000 and 253402300799999,${D},null)`)} from "post" where "id" = ?1`,
 group: `select json_group_array(${O(D)}) from "post" where "id" = ?1`,
 groupcount: `select json_group_array(${O(D)}),count(*) from "post" where "id" = ?1`,
 sub: `select json_group_array(${O(D)}),count(*) from (select "id","title","body","created_at" from "post" where "id" = ?1)`,
 sublim: `select json_group_array(${O(D)}),count(*) from (select "id","title","body","created_at" from "post" where "id" = ?1 limit ?2)`,
 subordlim: `select json_group_array(${O(D)}),count(*) from (select "id","title","body","created_at" from "post" where "id" = ?1 order by "id" limit ?2)`,
 subordlim2: `select json_group_array(${O(D)}),count(*) from (select "id","title","body","created_at" from "post" where "user_id" = ?1 order by "id" limit ?2)`,
 subsub: `select json_group_array(${O(D)}),count(*) from (select * from (select "id","title","body","created_at" from "post") where "id" = ?1 order by "id" limit ?2)`,
};
const N=3000; const out:Record<string,number[]>={};
for (const round of [0,1,2,3,4]) for (const k of Object.keys(Q)) { const t=performance.now(); for(let i=0;i<N;i++) d.prepare(Q[k]!); (out[k]??=[]).push((performance.now()-t)/N*1000); }
for (const k in out) console.log(k.padEnd(12), out[k]!.sort((a,b)=>a-b)[2]!.toFixed(1), Q[k]!.length);
