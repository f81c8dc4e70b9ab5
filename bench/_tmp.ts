import { createQueryRoute } from "@bepalo/query";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { relations } from "drizzle-orm";
import { sqliteTable, integer, text } from "drizzle-orm/sqlite-core";
const user = sqliteTable("user",{id:integer("id").primaryKey(),name:text("name").notNull(),email:text("email").notNull()});
const post = sqliteTable("post",{id:integer("id").primaryKey(),userId:integer("user_id").notNull(),title:text("title").notNull(),body:text("body").notNull(),createdAt:integer("created_at",{mode:"timestamp_ms"}).notNull()});
const postRel = relations(post,({one})=>({user:one(user,{fields:[post.userId],references:[user.id]})}));
const schema={user,post,postRel};
const real = createClient({url:"file:/tmp/b/x.db"});
let canned: any;
const stub = process.argv.includes("--stub");
const client = stub ? {protocol:"http", execute: async(s:any)=> canned} as any : real;
const db = drizzle(client,{schema});
const route = createQueryRoute<string,{me:number}>({acl:{posts:{table:"post",maxLimit:20,control:{GET:{mine:{select:{columns:["id","title","body","createdAt"]},where:({me}:any,p:any,{eq}:any)=>eq(p.userId,me),with:{user:{select:{columns:["name"]}}}}, all: {select:{columns:["id","title","body","createdAt"]}}}}}} as any,database:db,schema,session:{parser:(r,c:any)=>{c.me=+(r.headers.get("x-me")??0)},getRole:(r:any)=> r.headers.get("x-me") ? "user":null}, onError: console.error});
const W1 = ()=>new Request("http://localhost/query/posts?mine",{headers:{"x-me":String(1+Math.floor(Math.random()*1000))}});
const W4 = ()=>new Request(`http://localhost/query/posts?findFirst&select=(where:(id:${1+Math.floor(Math.random()*50000)}))`);
{ const r = await real.execute({sql:`select json_group_array(json_object('id',id,'title',title,'body',body,'createdAt',strftime('%Y-%m-%dT%H:%M:%S',created_at/1000,'unixepoch')||printf('.%03dZ',created_at%1000))), count(*) from (select id,title,body,created_at from post where user_id=?1 order by id limit 20)`,args:[5]}); canned=r; }
for (const [name,make] of [["W1",W1],["W4",W4]] as const) {
  if(name==="W4"&&stub){canned = await real.execute({sql:`select '[{"id":1,"title":"x"}]', 1`,args:[]})}
  const first = await route.GET(make()); console.log(name, first.status, (await first.text()).slice(0,120));
  const N=20000; const reqs=Array.from({length:N},make);
  for(let i=0;i<N;i++) await route.GET(reqs[i]!);
  const times:number[]=[];
  for(let k=0;k<7;k++){ const reqs=Array.from({length:N/5},make); const t=performance.now(); for(const q of reqs) await route.GET(q); times.push((performance.now()-t)/(N/5)*1000); }
  console.log(name,"µs/request", times.sort((a,b)=>a-b)[3]!.toFixed(2));
}
{ const N=20000; const reqs=Array.from({length:N},W1); const t=performance.now(); for(const q of reqs) new Response("x",{headers:{a:"b"}}); console.log("bare Response", ((performance.now()-t)/N*1000).toFixed(2)); }
